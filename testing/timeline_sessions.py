"""Sessions with transitions, for tests of timelines. Times are minutes since BEGIN."""

from __future__ import annotations

from collections.abc import Sequence

from acd.sessions.values import Json
from acd.ui.timeline.chart import Chart, chart

BEGIN = 1_790_000_000.0
MINUTE = 60.0


def session(name: str, status: str, since: float) -> Json:
    """A session that has had this status since then."""
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
    """Transitions as in HISTORY, of a session that began as working at `start`."""
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


def make_chart(
    *pasts: tuple[str, float, Sequence[tuple[float, str]]], minutes: float = 60, depth: int = 50
) -> Chart:
    """The chart of sessions: each a name, the time it began as working, and its steps."""
    sessions, histories = [], {}
    for name, start, steps in pasts:
        since, status = steps[-1] if steps else (start, "working")
        sessions.append(session(name, status, since))
        histories[f"id-{name}"] = history(start, *steps)
    until = BEGIN + minutes * MINUTE
    return chart(sessions, histories, since=BEGIN, until=until, history_depth=depth)


API = ("api", 0.0, [(20.0, "question"), (30.0, "working"), (40.0, "attention")])
WEB = ("web", -30.0, [(10.0, "attention"), (15.0, "closed")])
