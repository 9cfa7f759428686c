"""The text of a notification."""

from __future__ import annotations

from typing import Any, NamedTuple

from acd.sessions.status import STATUSES
from acd.sessions.values import Json
from acd.text import SYMBOLS, one_line

Handle = list[Any]
"""Identifies a notification that is shown: [owner of the bus name, number]. It is JSON, and
valid across restarts of acd."""


class Notification(NamedTuple):
    """Two printable lines. The body may be empty."""

    title: str
    body: str


def notification(session: Json) -> Notification:
    """The notification for a session (as in LIST): `▲ api: question`, `Bash: touch x`."""
    status = STATUSES[session["status"]]
    body = session.get("prompt") or session.get("working_dir") or ""
    title = f"{SYMBOLS[status]} {one_line(session['display_name'])}: {status}"
    return Notification(title, one_line(body))
