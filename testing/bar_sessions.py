"""Sessions as LIST tells them, for tests of what bars show."""

from __future__ import annotations

from acd.sessions.values import Json
from acd.ui.bars.view import View

NOW = 1_790_000_000.0


def session(
    name: str, status: str, *, seconds: float = 0, prompt: str | None = None, **more: object
) -> Json:
    """One that has been so for so many seconds at NOW."""
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


def view(*sessions: Json, later: float = 0) -> View:
    """How bars look at them at NOW, or so many seconds later."""
    return View(sessions, NOW + later)


API = session("api", "question", seconds=185, prompt="Bash: rm -rf build")
OLD = session("old", "question", seconds=7805)
DOCS = session("docs", "attention", seconds=60, prompt="The page is ready.")
WEB = session("web", "working", seconds=59)
GONE = session("gone", "closed", seconds=5)
SOME = (GONE, WEB, DOCS, API, OLD)
