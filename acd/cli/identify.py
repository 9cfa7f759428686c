"""Finds the session that an ID argument means: an id, the beginning of one, or a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from acd.errors import AcdError
from acd.sessions.values import Json
from acd.text import one_line, printable

_SHOWN: Final = 5
"""At most so many candidates are listed for an ambiguous argument."""


def select_session(sessions: Iterable[Json], given: str) -> Json:
    """The session with this id; else the only one whose id begins with it, or with this name.

    Raises AcdError if there is none or more than one.
    """
    known = {session["id"]: session for session in sessions}
    if given in known:
        return known[given]
    found = [session for session in known.values() if session["id"].startswith(given)]
    found = found or [each for each in known.values() if each["display_name"] == given]
    if not found:
        raise AcdError(
            f"no session has the name {given!r} or an id that begins with it",
            hint="acd list shows all sessions" if known else "there are no sessions",
        )
    if len(found) > 1:
        shown = [f"{printable(each['id'])} ({one_line(each['display_name'])})" for each in found]
        more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
        raise AcdError(
            f"{given!r} could be {', '.join(shown[:_SHOWN])}{more}",
            hint="give more characters of the id",
        )
    return found[0]


def all_sessions(environ: Mapping[str, str]) -> list[Json]:
    """All sessions of the daemon (LIST). Raises AcdError."""
    from acd.client.blocking import ask
    from acd.protocol import List, Snapshot

    reply = ask(environ, List())
    return reply.sessions if isinstance(reply, Snapshot) else []


def find(environ: Mapping[str, str], given: str) -> Json:
    """The daemon's session that the argument means, as in LIST. Raises AcdError."""
    return select_session(all_sessions(environ), given)


def get_session(environ: Mapping[str, str], given: str) -> Json:
    """The same with all its fields (GET). Raises AcdError."""
    from acd.client.blocking import ask
    from acd.protocol import Get, Ok

    reply = ask(environ, Get(find(environ, given)["id"]))
    found: Json = reply.json() if isinstance(reply, Ok) else {}
    return found
