"""The dashboard's state: all sessions as rows, and which of them are listed in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from acd.client.mirror import SessionMirror
from acd.protocol import Message, Snapshot
from acd.sessions.status import CLOSED, RANK, STATUSES, Status
from acd.sessions.values import Json, Now
from acd.ui.dashboard.labels import assign_labels
from acd.ui.dashboard.session_row import SessionRow


def _by_need(row: SessionRow) -> tuple[Any, ...]:
    return (RANK[row.status], row.entered)


def _by_name(row: SessionRow) -> tuple[Any, ...]:
    return (row.label.casefold(),)


def _by_directory(row: SessionRow) -> tuple[Any, ...]:
    return (row.directory.casefold(), row.label.casefold())


def _by_change(row: SessionRow) -> tuple[Any, ...]:
    return (-row.entered,)


ORDERS: Final[dict[str, Callable[[SessionRow], tuple[Any, ...]]]] = {
    "need": _by_need,
    "last change": _by_change,
    "name": _by_name,
    "directory": _by_directory,
}
"""The sort keys of open sessions."""
DEFAULT_ORDER: Final = "need"


class ClosedDivider(NamedTuple):
    """The line above the closed sessions."""

    closed: int
    """The number of closed sessions that match the filter."""
    is_open: bool
    """Whether the closed sessions are listed."""


Line = SessionRow | ClosedDivider


class ListContent(NamedTuple):
    """The content of the session list."""

    lines: list[Line]
    counts: dict[Status, int]
    """The number of sessions in each status, whatever the filter."""
    hidden: int
    """The number of sessions that do not match the filter."""

    @property
    def needing(self) -> int:
        """The number of sessions that need the user."""
        return self.counts["question"] + self.counts["attention"]


class Model:
    """All sessions, the filter and the order. `home` is the user's home directory."""

    def __init__(self, home: str | None = None):
        self._home = home
        self._mirror = SessionMirror(reports_all=True)
        self.rows: dict[str, SessionRow] = {}
        self.order = DEFAULT_ORDER
        self.filter = ""
        self.shows_closed = False

    # From the daemon -----------------------------------------------------

    def apply(self, message: Message, now: Now) -> None:
        """Applies a push. Other messages, and an UPDATE without its session, change nothing."""
        # Transitions before a snapshot may not have come in.
        is_snapshot = isinstance(message, Snapshot)
        for session_id, _, session, _ in self._mirror.apply(message):
            row = self.rows.get(session_id)
            if session is None:
                del self.rows[session_id]
            elif row is None:
                self.rows[session_id] = SessionRow(
                    session, now, home=self._home, lacks_history=is_snapshot
                )
            else:
                if is_snapshot and row.since != session["since"]:
                    row.lacks_history = True
                row.update(session, now, home=self._home)

    @property
    def is_complete(self) -> bool:
        """Whether a snapshot has come in."""
        return self._mirror.is_complete

    def lacking_history(self) -> list[str]:
        """The ids of the sessions whose history is to be requested, the most urgent first."""
        rows = [row for row in self.rows.values() if row.lacks_history]
        return [row.id for row in sorted(rows, key=_by_need)]

    def add_history(self, session_id: str, history: list[Json]) -> None:
        """Merges the reply to HISTORY into the session's timeline."""
        if row := self.rows.get(session_id):
            row.timeline.add_history(history)
            row.lacks_history = False

    # From the user -------------------------------------------------------

    def next_order(self) -> str:
        """Switches to the next of ORDERS and returns its name."""
        names = list(ORDERS)
        self.order = names[(names.index(self.order) + 1) % len(names)]
        return self.order

    def content(self) -> ListContent:
        """The open sessions in order, then the divider and the closed sessions."""
        words = self.filter.lower().split()
        rows = list(self.rows.values())
        assign_labels(rows)
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
        return ListContent(
            lines,
            {status: counts[status] for status in STATUSES.values()},
            len(self.rows) - len(rows),
        )
