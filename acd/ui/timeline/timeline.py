"""One session's statuses over time, from the daemon's history and live updates.

Times are unix seconds.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import groupby
from typing import Final, NamedTuple

from acd.sessions.status import RANK, STATUSES, Status
from acd.sessions.values import Json

PERIOD: Final = 3600.0
"""Seconds of the past that a timeline keeps and that are drawn by default."""

_INSTANT: Final = 0.001
"""Seconds added to now, so that a status that starts now is drawn."""


class ChangePoint(NamedTuple):
    """The start of a status, which lasts until the next change point."""

    start: float
    status: Status


class Timeline:
    """The change points of one session, in order, no two neighbours with the same status."""

    __slots__ = ("change_points",)

    def __init__(self, status: Status, since: float):
        self.change_points = [ChangePoint(since, status)]

    def enter(self, status: Status, at: float) -> None:
        """Appends a status. The current status again changes nothing."""
        last = self.change_points[-1]
        if status == last.status:
            return
        # A wall clock that was set back must not break the order.
        self.change_points.append(ChangePoint(max(at, last.start), status))
        self._forget(at)

    def add_history(self, history: list[Json]) -> None:
        """Merges the daemon's transitions (as in HISTORY), oldest first.

        The history replaces the change points in its range. Earlier ones, which the daemon has
        dropped, and later ones, which came in after its reply, stay.
        """
        if not history:
            return
        first, last = history[0], history[-1]
        start = first["at"] - first["duration"]
        points = [
            *(each for each in self.change_points if each.start < start),
            ChangePoint(start, STATUSES[first["from"]]),
            *(ChangePoint(each["at"], STATUSES[each["to"]]) for each in history),
            *(each for each in self.change_points if each.start > last["at"]),
        ]
        # Of neighbours with the same status only the first is kept.
        self.change_points = [next(run) for _, run in groupby(points, lambda each: each.status)]

    def cells(self, now: float, width: int, period: float = PERIOD) -> list[Status | None]:
        """The last `period` seconds in `width` cells, oldest first.

        A cell has the status that lasted longest in it, None if no status is known. Cells start
        at multiples of their length, so that the chart moves by whole cells.
        """
        length = period / width
        first = math.floor(now / length) + 1 - width
        return [
            self._longest(index * length, min((index + 1) * length, now + _INSTANT))
            for index in range(first, first + width)
        ]

    def totals(self, now: float, period: float = PERIOD) -> dict[Status, float]:
        """Seconds in each status within the last `period` seconds, without zeros."""
        return self._durations(now - period, now)

    def _longest(self, start: float, end: float) -> Status | None:
        durations = self._durations(start, end)
        if not durations:
            return None
        return max(durations, key=lambda status: (durations[status], -RANK[status]))

    def _durations(self, start: float, end: float) -> dict[Status, float]:
        durations: dict[Status, float] = {}
        points = self.change_points
        index = max(0, bisect_right(points, start, key=_start) - 1)
        while index < len(points) and points[index].start < end:
            begin, status = points[index]
            index += 1
            stop = points[index].start if index < len(points) else end
            lasted = min(stop, end) - max(begin, start)
            if lasted > 0:
                durations[status] = durations.get(status, 0.0) + lasted
        return durations

    def _forget(self, now: float) -> None:
        """Drops the statuses that ended before the period."""
        ended = bisect_right(self.change_points, now - PERIOD, key=_start) - 1
        if ended > 0:
            del self.change_points[:ended]


def _start(point: ChangePoint) -> float:
    return point.start
