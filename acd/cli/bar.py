"""`acd bar`: prints what a status bar shows, once or whenever it changes.

The single print is implemented in fast_bar.py, which does not import click.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Final

import click

from acd.cli import fast_bar
from acd.cli.output import output_pipe
from acd.cli.result import CommandResult, Document, Result
from acd.client.subscription import subscribe_passively
from acd.errors import AcdError
from acd.system import programs
from acd.system.environment import minimal
from acd.ui.bars.content import BarContent
from acd.ui.bars.formats import FORMATS, changes_with_time, render
from acd.ui.bars.template import SUMMARY, TEMPLATE_FIELDS, Template

_INTERVAL: Final = 0.1
"""Seconds between two texts, at least: a bar does some work for each."""

TMUX_OPTION: Final = "@acd"
_TMUX_OWNER: Final = "@acd-follower"
_TMUX_SECONDS: Final = 10.0

_HELP: Final = """\
Print the text that a status bar shows, in the format of that bar.

FORMAT is one of:

\b
{bars}

The command does not start the daemon and does not prevent its idle stop: while
no daemon runs, the last known state is shown. With --follow the command prints
a line whenever the text changes. For tmux, --follow sets the user option {option}
instead; run it from tmux: run-shell -b 'exec acd bar tmux --follow'

The fields of a template; write {{{{ and }}}} for braces:

\b
{fields}
"""


def _help() -> str:
    fields = [(SUMMARY, "the text that the bar shows without a template")]
    fields += [(name, meaning) for name, (meaning, _) in TEMPLATE_FIELDS.items()]
    return _HELP.format(
        bars="\n".join(f"  {name:<9} {bar.description}" for name, bar in FORMATS.items()),
        fields="\n".join(f"  {f'{{{name}}}':<12} {text.replace('`', '')}" for name, text in fields),
        option=TMUX_OPTION,
    )


@click.command(short_help="Print the text for a status bar: tmux, Waybar, Polybar…", help=_help())
@click.argument("name", metavar="FORMAT", type=click.Choice(list(FORMATS)))
@click.option("--follow", is_flag=True, help="Keep running, and print the text when it changes.")
@click.option("--template", "source", metavar="TEXT", help="A text of your own with fields.")
def bar(name: str, *, follow: bool, source: str | None) -> CommandResult:
    template = Template(source) if source is not None else None
    if not follow:
        return Document(fast_bar.render(name, source))
    if name == "tmux":
        return _follow_in_tmux(_texts(name, template))
    return map(Document, _texts(name, template))


def _texts(name: str, template: Template | None) -> Iterator[str]:
    """The bar's text now, and again whenever it changes. Raises OutputClosed."""
    by_time = changes_with_time(name, template)
    shown: str | None = None
    earliest = 0.0
    due: float | None = None
    """When the text may change without an event (time.monotonic())."""
    following = subscribe_passively(os.environ, wake_at=lambda: due, output_fd=output_pipe())
    for mirror, _ in following:
        now = time.monotonic()
        if now < earliest:
            due = earliest
            continue
        content = BarContent(mirror.sessions.values(), time.time(), fast_bar.program())
        text = render(name, content, template, stream=True)
        if text != shown:
            yield text
            shown = text
            earliest = time.monotonic() + _INTERVAL
        older = content.until_older() if by_time else None
        due = None if older is None else now + older


def _follow_in_tmux(texts: Iterator[str]) -> Iterator[Result]:
    """Sets the user option for each text, until another follower replaces this one.

    tmux redraws its status line when an option is set. The results are empty.
    Raises AcdError.
    """
    if not os.environ.get("TMUX"):
        raise AcdError(
            "acd bar tmux --follow must be run by tmux",
            hint="put into tmux.conf: run-shell -b 'exec acd bar tmux --follow'",
        )
    # The newest follower replaces the others: tmux.conf may be loaded again.
    pid = str(os.getpid())
    _tmux("set-option", "-g", _TMUX_OWNER, pid)
    for text in texts:
        owner = _tmux(
            *("set-option", "-g", TMUX_OPTION, text, ";"),
            *("show-options", "-gqv", _TMUX_OWNER),
        )
        if owner != pid:
            return
        yield Result()


def _tmux(*command: str) -> str:
    """Runs a tmux command and returns its output. Raises AcdError."""
    environ = minimal(os.environ) | {"TMUX": os.environ["TMUX"]}
    try:
        done = programs.execute(["tmux", *command], environ=environ, timeout=_TMUX_SECONDS)
    except OSError as error:
        raise AcdError(f"cannot run tmux: {error.strerror}") from None
    except programs.TimeoutExpired:
        raise AcdError("tmux: it does not answer") from None
    if done.status != 0:
        raise AcdError(f"tmux: {done.errors.strip() or 'it does not answer'}")
    return done.output.strip()
