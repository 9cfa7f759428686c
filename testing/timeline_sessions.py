"""Sessions with a past, for tests of timelines. Times are minutes from the span's begin."""

from __future__ import annotations

from collections.abc import Sequence

from acd.sessions.values import Json
from acd.ui.timeline.chart import Chart, chart

BEGIN = 1_790_000_000.0
MINUTE = 60.0


def session(name: str, status: str, since: float) -> Json:
    """One that has been so since then."""
    return {
        "id": f"id-{name}",
        "status": status,
        "since": BEGIN + since * MINUTE,
        "display_name": name,
        "working_dir": f"/src/{name}",
        "closed": status == "closed",
        "prompt": None,
    }


def history(start: float, *steps: tuple[float, str]) -> list[Json]:
    """From working at `start` on: when it became what. As HISTORY tells it."""
    transitions, before, entered = [], "working", start
    for at, status in steps:
        transitions.append(
            {
                "at": BEGIN + at * MINUTE,
                "from": before,
                "to": status,
                "duration": (at - entered) * MINUTE,
            }
        )
        before, entered = status, at
    return transitions


def made(
    *pasts: tuple[str, float, Sequence[tuple[float, str]]], minutes: float = 60, depth: int = 50
) -> Chart:
    """The chart of sessions that began to work at a time, and then changed."""
    sessions, histories = [], {}
    for name, start, steps in pasts:
        since, status = steps[-1] if steps else (start, "working")
        sessions.append(session(name, status, since))
        histories[f"id-{name}"] = history(start, *steps)
    until = BEGIN + minutes * MINUTE
    return chart(sessions, histories, since=BEGIN, until=until, history_depth=depth)


API = ("api", 0.0, [(20.0, "question"), (30.0, "working"), (40.0, "attention")])
WEB = ("web", -30.0, [(10.0, "attention"), (15.0, "closed")])
