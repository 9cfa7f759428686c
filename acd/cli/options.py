"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

_JSON: Final = "acd.json"
"""The key in click's context under which the choice of `--json` is kept."""

Words = TypeVar("Words", str | None, tuple[str, ...])


def json_option(help: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--json`: the command's data is printed instead of its text (`acd.cli.output`)."""
    return click.option("--json", is_flag=True, expose_value=False, callback=_set_json, help=help)


def _set_json(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    ctx.meta[_JSON] = value


def wants_json() -> bool:
    """Whether the running command was given `--json`."""
    return bool(click.get_current_context().meta.get(_JSON))


def not_empty(ctx: click.Context, param: click.Parameter, value: Words) -> Words:
    """A callback for arguments that name sessions. Raises BadParameter for an empty word.

    Every id begins with the empty string: a script's unset variable would
    otherwise select the only session, for example to delete it.
    """
    words = value if isinstance(value, tuple) else (value,)
    if "" in words:
        raise click.BadParameter("it is empty")
    return value


session_argument: Final = click.argument("session", metavar="ID", callback=not_empty)
"""ID: an id, the beginning of an id, or a name (`acd.cli.identify`)."""

sessions_argument: Final = click.argument(
    "sessions", metavar="[ID]...", nargs=-1, callback=not_empty
)
