"""The screen of one session, which requests its details whenever the session changes."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget

from acd.errors import AcdError
from acd.sessions.values import Json
from acd.ui.dashboard import details, header
from acd.ui.dashboard.details import DETAIL_SECTIONS, DetailLine
from acd.ui.dashboard.footer import KeyHint
from acd.ui.dashboard.line_widgets import ScrollingLines
from acd.ui.dashboard.pieces import Piece
from acd.ui.dashboard.session_row import SessionRow
from acd.ui.dashboard.session_screen import (
    SESSION_BINDINGS,
    AppContext,
    SessionScreen,
    session_keys,
)

_OPEN_AT_FIRST: Final = frozenset({"history"})


class _DetailLines(ScrollingLines):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", show=False),
        Binding("up,k", "scroll_up", show=False),
        Binding("home,g", "scroll_home", show=False),
        Binding("end,G", "scroll_end", show=False),
        *(
            Binding(str(n), f"screen.section({n})", show=False)
            for n in range(1, len(DETAIL_SECTIONS) + 1)
        ),
        Binding("enter,escape,q,backspace,left", "screen.back", show=False),
        *SESSION_BINDINGS,
    ]

    lines: tuple[DetailLine, ...] = ()

    def count(self) -> int:
        return len(self.lines)

    def pieces(self, index: int) -> list[Piece]:
        return self.lines[index].pieces

    def on_click(self, event: events.Click) -> None:
        index = self.line_at(event.y)
        if index < len(self.lines) and (section := self.lines[index].section) is not None:
            self.call_later(
                self.screen.run_action, f"section({DETAIL_SECTIONS.index(section) + 1})"
            )


class DetailScreen(SessionScreen):
    """The details of one session. They stay on the screen when the session is deleted."""

    def __init__(self, context: AppContext, row: SessionRow):
        super().__init__(context)
        self._row = row
        self._reply: Json | None = None
        """The last reply to GET."""
        self._requested_for: Json | None = None
        """The session of the row at the last request."""
        self._is_open = _OPEN_AT_FIRST
        self.details = _DetailLines(context.text_theme, id="details")

    @property
    def row(self) -> SessionRow | None:
        return self._row

    def body(self) -> Widget:
        return self.details

    def show(self) -> None:
        row = self.context.model.rows.get(self._row.id)
        if row is not None:
            self._row = row
            if self._requested_for is not row.session:
                self._requested_for = row.session
                self.run_worker(self._request(), exclusive=True, group="request")
        self.details.lines = tuple(
            details.lines(
                self._row, self._reply, self._is_open, self.details.room, self.context.now()
            )
        )
        self.details.draw()
        state: Piece = ("details", "dim") if row is not None else ("it is gone", "attention")
        self.header.set_lines(header.header([(self._row.label, "strong")], [state], self.room))
        self.footer.show_keys(
            [
                KeyHint("Enter", "back", "back"),
                *(session_keys(row) if row is not None else []),
                KeyHint("1 2 3", "sections", "section(1)"),
                KeyHint("?", "help", "help"),
            ]
        )

    async def _request(self) -> None:
        try:
            self._reply = await self.context.actions.details(self._row)
        except AcdError:
            self._requested_for = None  # the next redraw requests it again
            return
        self.show()

    def action_section(self, number: int) -> None:
        self._is_open ^= {DETAIL_SECTIONS[number - 1]}
        self.show()

    def action_back(self) -> None:
        self.app.pop_screen()
