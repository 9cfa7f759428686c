"""What a notification says, in text that is harmless everywhere.

Responsible for its title, its body and the facts for a command. It refuses to
know how they are shown.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from acd.sessions.status import STATUSES
from acd.sessions.values import Json
from acd.text import SYMBOLS, one_line

Event = Literal["waiting", "over"]
"""What a command is run for: a wait that is told of, and the end of that wait."""


class Message(NamedTuple):
    """Two printable lines; the body may be empty."""

    title: str
    body: str


def message(session: Json) -> Message:
    """Who waits and for what: `▲ api: question`, `Bash: touch x`."""
    status = STATUSES[session["status"]]
    body = session.get("prompt") or session.get("working_dir") or ""
    return Message(
        f"{SYMBOLS[status]} {one_line(session['display_name'])}: {status}", one_line(body)
    )


def facts(event: Event, session: Json) -> dict[str, str]:
    """The environment of a command: one printable line each, empty if not known."""
    return {
        "ACD_EVENT": event,
        "ACD_SESSION": session["id"],
        "ACD_STATUS": session["status"],
        "ACD_NAME": one_line(session["display_name"]),
        "ACD_DIRECTORY": one_line(session.get("working_dir") or ""),
        "ACD_PROMPT": one_line(session.get("prompt") or ""),
    }
