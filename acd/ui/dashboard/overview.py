"""The main screen: the list of sessions, its filter and its order."""

from __future__ import annotations

import time
from typing import Final

from textual.app import ComposeResult
from textual.widget import Widget

from acd.agents.catalog import DEFAULT
from acd.ui.dashboard import header
from acd.ui.dashboard.columns import heading
from acd.ui.dashboard.footer import KeyHint
from acd.ui.dashboard.line_widgets import StaticLines
from acd.ui.dashboard.model import DEFAULT_ORDER, ClosedDivider, ListContent
from acd.ui.dashboard.pieces import Piece
from acd.ui.dashboard.session_list import SessionList
from acd.ui.dashboard.session_row import SessionRow
from acd.ui.dashboard.session_screen import AppContext, SessionScreen, session_keys

_LEAST_HEIGHT: Final = 12
"""Lines of a window below which the columns have no heading."""


class Overview(SessionScreen):
    """All sessions, one line each."""

    def __init__(self, context: AppContext):
        super().__init__(context)
        self.heading = StaticLines(context.text_theme, id="heading")
        self.sessions = SessionList(context.text_theme, context.now())

    @property
    def row(self) -> SessionRow | None:
        return self.sessions.row

    def body(self) -> Widget:
        return self.sessions

    def between(self) -> ComposeResult:
        yield self.heading
        yield self.sessions

    def show(self) -> None:
        model = self.context.model
        content = model.content()
        self.sessions.show(content, self.context.now())
        left = header.counts(content, is_complete=model.is_complete)
        right = header.selection(content, model.order, model.filter)
        self.header.set_lines(header.header(left, right, self.room), *self._problem())
        self._show_heading(content)
        self._show_keys()

    def _problem(self) -> list[list[Piece]]:
        sync = self.context.sync
        if sync.client.is_live:
            return []
        return [
            header.connection_problem(
                sync.client.problem,
                is_complete=self.context.model.is_complete,
                was_live_at=time.strftime("%H:%M:%S", time.localtime(sync.live_until)),
                room=self.room,
            )
        ]

    def _show_heading(self, content: ListContent) -> None:
        model = self.context.model
        self.heading.display = not content.lines or self.size.height >= _LEAST_HEIGHT
        if content.lines:
            self.heading.set_lines([(heading(self.sessions.columns), "dim")])
        elif content.hidden:
            text = f"no session matches /{model.filter}: Escape shows all"
            self.heading.set_lines([(text, "dim")])
        elif model.is_complete:
            self.heading.set_lines([(f"start {DEFAULT.resume[0]}, and it appears here", "dim")])
        else:
            self.heading.set_lines([])

    def _show_keys(self) -> None:
        keys = [KeyHint("q", "quit", "quit"), KeyHint("?", "help", "help")]
        if self.context.model.rows:
            keys = [KeyHint("/", "filter", "filter"), KeyHint("s", "sort", "sort"), *keys]
        line = self.sessions.line
        if isinstance(line, ClosedDivider):
            label = "hide closed" if line.is_open else "show closed"
            keys.insert(0, KeyHint("Enter", label, "toggle_closed"))
        elif line is not None:
            keys = [KeyHint("Enter", "details", "open"), *session_keys(line), *keys]
        self.footer.show_keys(keys)

    # Keys ----------------------------------------------------------------------

    def on_session_list_moved(self) -> None:
        self._show_keys()

    def on_session_list_chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if isinstance(self.sessions.line, ClosedDivider):
            self.action_toggle_closed()
        elif (row := self.row) is not None:
            from acd.ui.dashboard.detail_screen import DetailScreen  # most runs do not open it

            self.app.push_screen(DetailScreen(self.context, row))

    def action_toggle_closed(self) -> None:
        self.context.model.shows_closed = not self.context.model.shows_closed
        self.show()

    def action_sort(self) -> None:
        order = self.context.model.next_order()
        default = " (default)" if order == DEFAULT_ORDER else ""
        self.footer.show_message(f"sorted by {order}{default}")
        self.show()

    async def action_filter(self) -> None:
        from acd.ui.dashboard.filter import FilterLine  # Textual's Input costs 20 ms

        if not self.query(FilterLine):
            self.footer.display = False
            await self.mount(FilterLine(self.context.model.filter), before=self.footer)

    def action_clear(self) -> None:
        self.filter_by("")

    def filter_by(self, text: str) -> None:
        """Lists only the sessions that contain all words of the text."""
        self.context.model.filter = text
        self.show()

    def move_cursor(self, by: int) -> None:
        """Moves the cursor of the list."""
        self.sessions.action_move(by)

    def end_filter(self) -> None:
        """Shows the footer and focuses the list again."""
        self.footer.display = True
        self.sessions.focus()
