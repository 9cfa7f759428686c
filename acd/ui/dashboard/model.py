"""What the dashboard knows and shows: messages in, rows out.

Responsible for all sessions' rows, and for which of them are shown in which
order. It refuses to know the clock (times are arguments), the connection and
the screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from acd.protocol import Message, Removed, Snapshot, Update
from acd.sessions.status import CLOSED, STATUSES, Status
from acd.sessions.values import Json, Now
from acd.ui.dashboard.rows import Row, label

_RANK: Final = {status: place for place, status in enumerate(STATUSES.values())}


def _by_need(row: Row) -> tuple[Any, ...]:
    return (_RANK[row.status], row.entered)


def _by_name(row: Row) -> tuple[Any, ...]:
    return (row.label.casefold(),)


def _by_directory(row: Row) -> tuple[Any, ...]:
    return (row.directory.casefold(), row.label.casefold())


def _by_change(row: Row) -> tuple[Any, ...]:
    return (-row.entered,)


ORDERS: Final[dict[str, Callable[[Row], tuple[Any, ...]]]] = {
    "need": _by_need,
    "last change": _by_change,
    "name": _by_name,
    "directory": _by_directory,
}
"""How open sessions can be sorted; the first is what people get."""


class ClosedDivider(NamedTuple):
    """The line above the closed sessions."""

    closed: int
    """How many sessions there are below it, if it is open."""
    is_open: bool


Line = Row | ClosedDivider


class View(NamedTuple):
    """What is to be shown."""

    lines: list[Line]
    counts: dict[Status, int]
    """All sessions, whatever the filter."""
    hidden: int
    """Sessions that the filter keeps out."""

    @property
    def needing(self) -> int:
        """How many sessions need you."""
        return self.counts["question"] + self.counts["attention"]


class Model:
    """All rows, and what of them is shown."""

    def __init__(self, home: str | None = None):
        self._home = home
        self.rows: dict[str, Row] = {}
        self.is_complete = False
        """Whether there was a picture yet."""
        self.order = next(iter(ORDERS))
        self.filter = ""
        self.shows_closed = False

    # What the daemon tells ----------------------------------------------

    def apply(self, message: Message, now: Now) -> None:
        """Takes a push in. What it does not know, it ignores."""
        match message:
            case Snapshot(sessions):
                self.is_complete = True
                there = {session["id"] for session in sessions}
                for gone in self.rows.keys() - there:
                    del self.rows[gone]
                for session in sessions:
                    self._take(session, now, may_have_missed=True)
            case Update(session=session) if session is not None:
                self._take(session, now, may_have_missed=False)
            case Removed(session_id):
                self.rows.pop(session_id, None)

    def _take(self, session: Json, now: Now, *, may_have_missed: bool) -> None:
        row = self.rows.get(session["id"])
        if row is None:
            self.rows[session["id"]] = Row(
                session, now, home=self._home, wants_history=may_have_missed
            )
            return
        if may_have_missed and row.since != session["since"]:
            row.wants_history = True
        row.take(session, now, home=self._home)

    def wanting_history(self) -> list[str]:
        """The sessions of whose past something is not known, those who need you first."""
        wanting = [row for row in self.rows.values() if row.wants_history]
        return [row.id for row in sorted(wanting, key=_by_need)]

    def learn(self, session_id: str, history: list[Json]) -> None:
        """What HISTORY answered."""
        if row := self.rows.get(session_id):
            row.timeline.learn(history)
            row.wants_history = False

    # What the user wants ------------------------------------------------

    def next_order(self) -> str:
        """Sorts by the next of ORDERS, and names it."""
        names = list(ORDERS)
        self.order = names[(names.index(self.order) + 1) % len(names)]
        return self.order

    def view(self) -> View:
        """What is to be shown now: open sessions in order, the closed ones folded below."""
        words = self.filter.lower().split()
        rows = list(self.rows.values())
        label(rows)
        counts = Counter(row.status for row in rows)
        if words:
            rows = [row for row in rows if all(word in row.searchable() for word in words)]
        key = ORDERS[self.order]
        opened = [row for row in rows if row.status != CLOSED]
        lines: list[Line] = [*sorted(opened, key=lambda row: (key(row), row.id))]
        closed = [row for row in rows if row.status == CLOSED]
        if closed:
            lines.append(ClosedDivider(len(closed), self.shows_closed))
        if self.shows_closed:
            lines += [*sorted(closed, key=lambda row: (_by_change(row), row.id))]
        return View(
            lines,
            {status: counts[status] for status in STATUSES.values()},
            len(self.rows) - len(rows),
        )
