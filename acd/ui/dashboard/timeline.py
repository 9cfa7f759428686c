"""What a session did when: the statuses of its recent past, ready to be drawn.

Responsible for putting together what the daemon remembers and what was seen
live, and for cutting it into the cells of a chart. It refuses to know clocks
(times are arguments), glyphs and colours. Times are unix seconds.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, NamedTuple

from acd.sessions.status import RANK, STATUSES, Status
from acd.sessions.values import Json

SPAN: Final = 3600.0
"""Seconds of the past that are kept and drawn."""

_INSTANT: Final = 0.001
"""What begins at this very moment is drawn, too."""


class Stretch(NamedTuple):
    """A status that began at a time, and lasted until the next one began."""

    start: float
    status: Status


class Timeline:
    """One session's stretches, oldest first, no two alike in a row."""

    __slots__ = ("stretches",)

    def __init__(self, status: Status, since: float):
        self.stretches = [Stretch(since, status)]

    def enter(self, status: Status, at: float) -> None:
        """The status that it has from now on; the same one again changes nothing."""
        last = self.stretches[-1]
        if status == last.status:
            return
        # A clock that was set back must not turn the order round.
        self.stretches.append(Stretch(max(at, last.start), status))
        self._forget(at)

    def learn(self, history: Iterable[Json]) -> None:
        """Takes in the daemon's transitions (as HISTORY tells), oldest first.

        Where both know something, the daemon is right; what it has forgotten
        already, or has not told yet, stays as it was seen.
        """
        told = [(each["at"], each["from"], each["to"], each["duration"]) for each in history]
        if not told:
            return
        at, origin, _, duration = told[0]
        start = at - duration
        before = [each for each in self.stretches if each.start < start]
        after = [each for each in self.stretches if each.start > told[-1][0]]
        known = [
            Stretch(start, STATUSES[origin]),
            *(Stretch(when, STATUSES[to]) for when, _, to, _ in told),
        ]
        self.stretches = _merged([*before, *known, *after])

    def cells(self, now: float, width: int, span: float = SPAN) -> list[Status | None]:
        """The last `span` seconds in `width` cells, oldest first.

        A cell has the status that lasted longest in it, and None where
        nothing is known. Cells begin at whole multiples of their length, so
        that the picture moves by a cell at a time and does not shimmer.
        """
        length = span / width
        first = math.floor(now / length) + 1 - width
        return [
            self._longest(index * length, min((index + 1) * length, now + _INSTANT))
            for index in range(first, first + width)
        ]

    def totals(self, now: float, span: float = SPAN) -> dict[Status, float]:
        """Seconds of the last `span` in each status, those without any left out."""
        return self._durations(now - span, now)

    def _longest(self, start: float, end: float) -> Status | None:
        durations = self._durations(start, end)
        if not durations:
            return None
        return max(durations, key=lambda status: (durations[status], -RANK[status]))

    def _durations(self, start: float, end: float) -> dict[Status, float]:
        found: dict[Status, float] = {}
        stretches = self.stretches
        index = max(0, bisect_right(stretches, start, key=_start) - 1)
        while index < len(stretches) and stretches[index].start < end:
            begin, status = stretches[index]
            index += 1
            stop = stretches[index].start if index < len(stretches) else end
            lasted = min(stop, end) - max(begin, start)
            if lasted > 0:
                found[status] = found.get(status, 0.0) + lasted
        return found

    def _forget(self, now: float) -> None:
        """Drops what ended before the span."""
        gone = bisect_right(self.stretches, now - SPAN, key=_start) - 1
        if gone > 0:
            del self.stretches[:gone]


def _start(stretch: Stretch) -> float:
    return stretch.start


def _merged(stretches: list[Stretch]) -> list[Stretch]:
    """Without those that only repeat the status before them."""
    merged: list[Stretch] = []
    for each in stretches:
        if not merged or merged[-1].status != each.status:
            merged.append(each)
    return merged
