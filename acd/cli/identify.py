"""Which session is meant: an id, the beginning of one, or a name.

Responsible for finding exactly one, and for saying what is wrong when there
are none or several. It refuses to know what is done with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import click

from acd.errors import AcdError
from acd.sessions.values import Json
from acd.text import one_line, printable

_SHOWN = 5


Words = TypeVar("Words", str | None, tuple[str, ...])


def not_empty(ctx: click.Context, param: click.Parameter, value: Words) -> Words:
    """What people type to name a session or several, if it is something.

    An empty word would be the beginning of every id, and a script's unset
    variable is no reason to delete the only session.
    """
    words = value if isinstance(value, tuple) else (value,)
    if "" in words:
        raise click.BadParameter("it is empty")
    return value


def identify(sessions: Iterable[Json], given: str) -> Json:
    """The session with this id; else the only one whose id begins so, or that is named so.

    Raises AcdError.
    """
    known = {session["id"]: session for session in sessions}
    if given in known:
        return known[given]
    found = [session for session in known.values() if session["id"].startswith(given)]
    found = found or [each for each in known.values() if each["display_name"] == given]
    if not found:
        raise AcdError(
            f"no session is called {given!r}, and no session's id begins so",
            hint="acd list shows them all" if known else "there are no sessions",
        )
    if len(found) > 1:
        shown = [f"{printable(each['id'])} ({one_line(each['display_name'])})" for each in found]
        more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
        raise AcdError(
            f"{given!r} could be {', '.join(shown[:_SHOWN])}{more}",
            hint="give more of the id",
        )
    return found[0]


def find(environ: Mapping[str, str], given: str) -> Json:
    """The daemon's session that is meant. Raises AcdError."""
    return identify(all_sessions(environ), given)


def all_sessions(environ: Mapping[str, str]) -> list[Json]:
    """What LIST tells. Raises AcdError."""
    from acd.client.blocking import ask
    from acd.protocol import Snapshot

    reply = ask(environ, "LIST")
    return reply.sessions if isinstance(reply, Snapshot) else []
