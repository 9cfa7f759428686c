"""The facts of a timeline: each session's stretches in a span of time, and their totals.

Responsible for what of a session's history lies in the span, and for saying
where the daemon does not remember all of it. It refuses to know how it is
drawn. Times are unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from acd.sessions.status import ATTENTION, QUESTION, STATUSES, WORKING, Status
from acd.sessions.values import Json
from acd.ui.timeline.timeline import Timeline

WAITING: Final = (QUESTION, ATTENTION)
"""The statuses in which a session waits for the user."""
DRAWN: Final = (WORKING, ATTENTION, QUESTION)


class Stretch(NamedTuple):
    """A status from one time to another."""

    start: float
    end: float
    status: Status

    @property
    def seconds(self) -> float:
        return self.end - self.start


class Row(NamedTuple):
    """One session's part of the chart."""

    session: Json
    """As LIST tells it."""
    past: Timeline
    stretches: list[Stretch]
    """In order; what was closed or is not known is left out."""
    is_cut: bool
    """Whether it may have done something in the span that the daemon has forgotten."""

    def total(self, *statuses: Status) -> float:
        """Seconds in any of these statuses."""
        return sum(each.seconds for each in self.stretches if each.status in statuses)

    @property
    def waited(self) -> float:
        return self.total(*WAITING)

    @property
    def worked(self) -> float:
        return self.total(WORKING)


class Chart(NamedTuple):
    """All sessions that did anything in the span, those that waited longest first."""

    since: float
    until: float
    rows: list[Row]

    @property
    def span(self) -> float:
        return self.until - self.since

    @property
    def waited(self) -> float:
        """Seconds that sessions waited for the user; two at once count twice."""
        return sum(row.waited for row in self.rows)

    @property
    def worked(self) -> float:
        return sum(row.worked for row in self.rows)

    @property
    def cut(self) -> list[Row]:
        return [row for row in self.rows if row.is_cut]

    def to_json(self) -> Json:
        """For programs: times in unix seconds, lengths in seconds."""
        return {
            "since": self.since,
            "until": self.until,
            "waited": self.waited,
            "worked": self.worked,
            "sessions": [_row_to_json(row) for row in self.rows],
        }


def chart(
    sessions: Iterable[Json],
    histories: Mapping[str, list[Json]],
    *,
    since: float,
    until: float,
    history_depth: int,
) -> Chart:
    """What these sessions did between two times.

    `histories` are their transitions (HISTORY), by id; of each session the
    daemon keeps the newest `history_depth`.
    """
    rows = [
        _row(session, histories.get(session["id"], []), since, until, history_depth)
        for session in sessions
    ]
    rows = [row for row in rows if row.stretches]
    rows.sort(key=lambda row: (-row.waited, -row.worked, row.session["id"]))
    return Chart(since, until, rows)


def _row(session: Json, history: list[Json], since: float, until: float, depth: int) -> Row:
    past = Timeline(STATUSES[session["status"]], session["since"])
    past.add_history(history)
    ends = [each.start for each in past.change_points[1:]] + [until]
    stretches = [
        Stretch(max(start, since), min(end, until), status)
        for (start, status), end in zip(past.change_points, ends, strict=True)
        if status in DRAWN and min(end, until) > max(start, since)
    ]
    is_cut = len(history) >= depth and past.change_points[0].start > since
    return Row(session, past, stretches, is_cut)


def _row_to_json(row: Row) -> Json:
    return {
        "id": row.session["id"],
        "display_name": row.session["display_name"],
        "working_dir": row.session["working_dir"],
        "waited": row.waited,
        "worked": row.worked,
        "totals": {status: row.total(status) for status in DRAWN},
        "is_cut": row.is_cut,
        "stretches": [each._asdict() for each in row.stretches],
    }
