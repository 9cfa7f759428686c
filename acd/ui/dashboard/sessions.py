"""The list of sessions, with its cursor.

Responsible for where the cursor is while rows come, go and change places.
It refuses to know what is done with the session under it.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from acd.sessions.values import Now
from acd.ui.dashboard.columns import Columns, Piece, fit, pieces
from acd.ui.dashboard.lineview import LineView
from acd.ui.dashboard.model import ClosedDivider, Line, View
from acd.ui.dashboard.rows import Row
from acd.ui.dashboard.theme import Look

_FOLD = ""
"""The fold's key among the rows' ids, which are never empty."""


class SessionList(LineView):
    """One line a session.

    The cursor stays on its session, wherever that goes. Until it is moved,
    and after it was moved to the top, it stays at the top: who needs you most.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("home,g", "go(0)", show=False),
        Binding("end,G", "go(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
    ]

    class Chosen(Message):
        """Somebody wants to see more of the line under the cursor."""

    class Moved(Message):
        """The cursor is on another line."""

    def __init__(self, look: Look, now: Now):
        super().__init__(look, id="sessions")
        self._now = now
        self._lines: list[Line] = []
        self.columns = Columns(name=0)
        self._cursor: int = 0
        self._held: str | None = None
        """Whose line the cursor stays on; None: whichever is at the top."""

    @property
    def line(self) -> Line | None:
        """What is under the cursor."""
        return self._lines[self._cursor] if self._lines else None

    @property
    def row(self) -> Row | None:
        """The session under the cursor."""
        return self.line if isinstance(self.line, Row) else None

    def show(self, view: View, now: Now) -> None:
        """Takes a new picture, and draws what is different in it."""
        self._now = now
        self._lines = view.lines
        self.columns = fit((line for line in view.lines if isinstance(line, Row)), self.room)
        place = 0
        if self._held is not None:
            keys = [_key(line) for line in self._lines]
            if self._held in keys:
                place = keys.index(self._held)
            else:  # it is gone: the next one takes its place
                place = max(0, min(self._cursor, len(keys) - 1))
                self._held = keys[place] if keys and place else None
        is_moved, self._cursor = place != self._cursor, place
        self.draw()
        if is_moved:
            self.show_line(place)

    def count(self) -> int:
        return len(self._lines)

    def pieces(self, index: int) -> list[Piece]:
        return pieces(self._lines[index], self.columns, self.room, self._now)

    def is_under_cursor(self, index: int) -> bool:
        return index == self._cursor

    def move_to(self, index: int) -> None:
        """Puts the cursor on a line."""
        if not self._lines:
            return
        index = max(0, min(index, len(self._lines) - 1))
        self._held = _key(self._lines[index]) if index else None
        if index != self._cursor:
            self._cursor = index
            self.draw()
            self.show_line(index)
            self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        self.move_to(self._cursor + by)

    def action_go(self, index: int) -> None:
        self.move_to(index if index >= 0 else len(self._lines) + index)

    def action_page(self, by: int) -> None:
        self.move_to(self._cursor + by * max(1, self.size.height - 1))

    def on_click(self, event: events.Click) -> None:
        index = event.y + round(self.scroll_offset.y)
        if index >= len(self._lines):
            return
        self.move_to(index)
        if event.chain > 1 or isinstance(self._lines[index], ClosedDivider):
            self.post_message(self.Chosen())


def _key(line: Line) -> str:
    return line.id if isinstance(line, Row) else _FOLD
