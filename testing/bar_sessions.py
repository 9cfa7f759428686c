"""Sessions as in LIST, for tests of status bars."""

from __future__ import annotations

from acd.sessions.values import Json
from acd.ui.bars.content import BarContent

NOW = 1_790_000_000.0


def session(
    name: str, status: str, *, seconds: float = 0, prompt: str | None = None, **more: object
) -> Json:
    """A session that has had this status for `seconds` at NOW."""
    return {
        "id": f"id-{name}",
        "status": status,
        "since": NOW - seconds,
        "elapsed": int(seconds),
        "working_dir": f"/src/{name}",
        "display_name": name,
        "closed": status == "closed",
        "prompt": prompt,
        **more,
    }


def content(*sessions: Json, later: float = 0) -> BarContent:
    """The content of a bar at NOW, or `later` seconds after it."""
    return BarContent(sessions, NOW + later)


API = session("api", "question", seconds=185, prompt="Bash: rm -rf build")
OLD = session("old", "question", seconds=7805)
DOCS = session("docs", "attention", seconds=60, prompt="The page is ready.")
WEB = session("web", "working", seconds=59)
GONE = session("gone", "closed", seconds=5)
SOME = (GONE, WEB, DOCS, API, OLD)
