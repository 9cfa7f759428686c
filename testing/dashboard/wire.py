"""Sessions as the daemon tells of them, made by hand.

Responsible for complete ones of which a test names only what matters to it.
"""

from __future__ import annotations

from typing import Any

from acd.protocol import Removed, Snapshot, Update
from acd.sessions.status import STATUSES
from acd.sessions.values import NS, Json, Now

WALL = 1_700_000_000
NOW = Now(WALL * NS, 5_000 * NS)


def later(seconds: float) -> Now:
    """So long after NOW, on both clocks."""
    step = int(seconds * NS)
    return Now(NOW.wall + step, NOW.boot + step)


def session(session_id: str, status: str = "working", *, waited: float = 0, **facts: Any) -> Json:
    """A session as in STATE, at NOW, that has had its status for `waited` seconds."""
    directory = facts.get("working_dir")
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
    } | facts


def state(*sessions: Json) -> Snapshot:
    """The whole picture."""
    return Snapshot(list(sessions))


def update(session_id: str, status: str, at: Now, *, elapsed: int = 0, **facts: Any) -> Update:
    """A change at this moment."""
    told = session(session_id, status, **facts) | {"since": at.wall / NS, "elapsed": 0}
    return Update(session_id, STATUSES[status], elapsed, told)


def removed(session_id: str) -> Removed:
    return Removed(session_id)
