"""Messages of the daemon for tests of the model: complete sessions from a few fields."""

from __future__ import annotations

from typing import Any

from acd.protocol import Removed, Snapshot, Update
from acd.sessions.status import STATUSES
from acd.sessions.values import NS, Json, Now

WALL = 1_700_000_000
NOW = Now(WALL * NS, 5_000 * NS)


def later(seconds: float) -> Now:
    """NOW plus so many seconds on both clocks."""
    step = int(seconds * NS)
    return Now(NOW.wall + step, NOW.boot + step)


def session(session_id: str, status: str = "working", *, waited: float = 0, **fields: Any) -> Json:
    """A session as in STATE at NOW, `waited` seconds after its status began."""
    directory = fields.get("working_dir")
    name = directory.rstrip("/").rpartition("/")[2] if directory else session_id[:8]
    return {
        "id": session_id,
        "status": status,
        "since": WALL - waited,
        "elapsed": int(waited),
        "working_dir": None,
        "display_name": name,
        "agent_type": "claude-code",
        "session_id": None,
        "closed": status == "closed",
        "evidence": "hook",
        "prompt": None,
        "api_usage": None,
        "pid": None,
        "terminal": None,
        "attended": None,
        "host": None,
        "superseded_by": None,
    } | fields


def state(*sessions: Json) -> Snapshot:
    """A snapshot."""
    return Snapshot(list(sessions))


def update(session_id: str, status: str, at: Now, *, elapsed: int = 0, **fields: Any) -> Update:
    """A push at a time."""
    pushed = session(session_id, status, **fields) | {"since": at.wall / NS, "elapsed": 0}
    return Update(session_id, STATUSES[status], elapsed, pushed)


def removed(session_id: str) -> Removed:
    return Removed(session_id)
