"""The list of sessions with its cursor."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from acd.sessions.values import Now
from acd.ui.dashboard.columns import Columns, fit, line_pieces
from acd.ui.dashboard.line_widgets import ScrollingLines
from acd.ui.dashboard.model import ClosedDivider, Line, ListContent
from acd.ui.dashboard.pieces import Piece
from acd.ui.dashboard.session_row import SessionRow
from acd.ui.dashboard.session_screen import SESSION_BINDINGS
from acd.ui.dashboard.theme import Theme

_DIVIDER_KEY: Final = ""
"""The divider's key among the session ids, which are never empty."""


class SessionList(ScrollingLines):
    """One line for each session.

    The cursor follows its session. Until the user moves it, and after the user has moved it to
    the top, it stays at the top, on the most urgent session.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("home,g", "go(0)", show=False),
        Binding("end,G", "go(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("enter", "screen.open", show=False),
        *SESSION_BINDINGS,
        Binding("s", "screen.sort", show=False),
        Binding("c", "screen.toggle_closed", show=False),
        Binding("slash", "screen.filter", show=False),
        Binding("escape", "screen.clear", show=False),
        Binding("q", "screen.quit", show=False),
    ]

    class Chosen(Message):
        """The line under the cursor was clicked to open it."""

    class Moved(Message):
        """The cursor is on another line."""

    def __init__(self, theme: Theme, now: Now):
        super().__init__(theme, id="sessions")
        self._now = now
        self._content: list[Line] = []
        self.columns = Columns(name=0)
        self._cursor = 0
        self._followed: str | None = None
        """The key of the line that the cursor follows; None at the top."""

    @property
    def line(self) -> Line | None:
        """The line under the cursor."""
        return self._content[self._cursor] if self._content else None

    @property
    def row(self) -> SessionRow | None:
        """The session under the cursor."""
        return self.line if isinstance(self.line, SessionRow) else None

    def show(self, content: ListContent, now: Now) -> None:
        """Replaces the lines and moves the cursor with its session."""
        self._now = now
        self._content = content.lines
        self.columns = fit(
            (line for line in self._content if isinstance(line, SessionRow)), self.room
        )
        index = 0
        if self._followed is not None:
            keys = [_key(line) for line in self._content]
            if self._followed in keys:
                index = keys.index(self._followed)
            else:  # its line is gone: the next one takes the cursor
                index = max(0, min(self._cursor, len(keys) - 1))
                self._followed = keys[index] if keys and index else None
        is_moved, self._cursor = index != self._cursor, index
        self.draw()
        if is_moved:
            self.show_line(index)

    def count(self) -> int:
        return len(self._content)

    def pieces(self, index: int) -> list[Piece]:
        return line_pieces(self._content[index], self.columns, self.room, self._now)

    def is_under_cursor(self, index: int) -> bool:
        return index == self._cursor

    def move_to(self, index: int) -> None:
        """Moves the cursor to a line, the nearest one if there is no such line."""
        if not self._content:
            return
        index = max(0, min(index, len(self._content) - 1))
        self._followed = _key(self._content[index]) if index else None
        if index != self._cursor:
            self._cursor = index
            self.draw()
            self.show_line(index)
            self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        self.move_to(self._cursor + by)

    def action_go(self, index: int) -> None:
        self.move_to(index if index >= 0 else len(self._content) + index)

    def action_page(self, by: int) -> None:
        self.move_to(self._cursor + by * max(1, self.size.height - 1))

    def on_click(self, event: events.Click) -> None:
        index = self.line_at(event.y)
        if index >= len(self._content):
            return
        self.move_to(index)
        if event.chain > 1 or isinstance(self._content[index], ClosedDivider):
            self.post_message(self.Chosen())


def _key(line: Line) -> str:
    return line.id if isinstance(line, SessionRow) else _DIVIDER_KEY
