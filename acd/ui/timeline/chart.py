"""The data of a timeline: the intervals and totals of each session in a span of time.

Times are unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from acd.sessions.status import ATTENTION, NEEDS_YOU, QUESTION, STATUSES, WORKING, Status
from acd.sessions.values import Json
from acd.text import one_line
from acd.ui.timeline.timeline import Timeline

DRAWN: Final = (WORKING, ATTENTION, QUESTION)


class Interval(NamedTuple):
    """A status from `start` to `end`."""

    start: float
    end: float
    status: Status

    @property
    def seconds(self) -> float:
        return self.end - self.start


class TimelineRow(NamedTuple):
    """One session's row of the chart."""

    session: Json
    """As in LIST."""
    past: Timeline
    intervals: list[Interval]
    """In order, without those in which the session was closed or its status is unknown."""
    is_cut: bool
    """Whether transitions in the span may be missing, because the daemon keeps the newest."""

    def total(self, *statuses: Status) -> float:
        """Seconds in any of these statuses."""
        return sum(each.seconds for each in self.intervals if each.status in statuses)

    @property
    def name(self) -> str:
        """The session's display name, as one printable line."""
        return one_line(self.session["display_name"])

    @property
    def waited(self) -> float:
        return self.total(*NEEDS_YOU)

    @property
    def worked(self) -> float:
        return self.total(WORKING)


class Chart(NamedTuple):
    """The sessions with an interval in the span, the longest waiting first."""

    since: float
    until: float
    rows: list[TimelineRow]

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
    def note(self) -> str:
        """A sentence that names the sessions with missing transitions; empty without any."""
        names = ", ".join(row.name for row in self.rows if row.is_cut)
        return f"older changes are missing: {names}" if names else ""

    def to_json(self) -> Json:
        """The chart for programs: times in unix seconds, durations in seconds."""
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
    """The chart of these sessions between two times.

    `histories` holds the transitions (HISTORY) by session id. The daemon keeps the newest
    `history_depth` of each session.
    """
    rows = [
        _row(session, histories.get(session["id"], []), since, until, history_depth)
        for session in sessions
    ]
    rows = [row for row in rows if row.intervals]
    rows.sort(key=lambda row: (-row.waited, -row.worked, row.session["id"]))
    return Chart(since, until, rows)


def _row(session: Json, history: list[Json], since: float, until: float, depth: int) -> TimelineRow:
    past = Timeline(STATUSES[session["status"]], session["since"])
    past.add_history(history)
    ends = [each.start for each in past.change_points[1:]] + [until]
    intervals = [
        Interval(max(start, since), min(end, until), status)
        for (start, status), end in zip(past.change_points, ends, strict=True)
        if status in DRAWN and min(end, until) > max(start, since)
    ]
    is_cut = len(history) >= depth and past.change_points[0].start > since
    return TimelineRow(session, past, intervals, is_cut)


def _row_to_json(row: TimelineRow) -> Json:
    return {
        "id": row.session["id"],
        "display_name": row.session["display_name"],
        "working_dir": row.session["working_dir"],
        "waited": row.waited,
        "worked": row.worked,
        "totals": {status: row.total(status) for status in DRAWN},
        "is_cut": row.is_cut,
        "stretches": [each._asdict() for each in row.intervals],
    }
