"""The main screen: everybody at a glance.

Responsible for the list, its filter and its order. It refuses to know what
an action does.
"""

from __future__ import annotations

import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from acd.agents.catalog import FIRST
from acd.ui.dashboard import bars
from acd.ui.dashboard.bars import Key
from acd.ui.dashboard.columns import Piece, heading
from acd.ui.dashboard.lineview import Bar
from acd.ui.dashboard.model import ORDERS, ClosedDivider, View
from acd.ui.dashboard.rows import Row
from acd.ui.dashboard.screens import LOW, Context, SessionScreen, session_keys
from acd.ui.dashboard.sessions import SessionList


class _Sessions(SessionList):
    # Here and not on the screen, so that they mean nothing to who types a filter.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.open", show=False),
        Binding("f", "screen.jump", show=False),
        Binding("r", "screen.resurrect", show=False),
        Binding("x", "screen.close", show=False),
        Binding("d", "screen.delete", show=False),
        Binding("s", "screen.sort", show=False),
        Binding("c", "screen.fold", show=False),
        Binding("slash", "screen.filter", show=False),
        Binding("escape", "screen.clear", show=False),
        Binding("question_mark,f1", "screen.help", show=False),
        Binding("q", "screen.quit", show=False),
    ]


class Overview(SessionScreen):
    """One line a session, those that need you first."""

    def __init__(self, context: Context):
        super().__init__(context)
        self.heading = Bar(context.look, id="heading")
        self.sessions = _Sessions(context.look, context.now())

    @property
    def row(self) -> Row | None:
        return self.sessions.row

    def body(self) -> Widget:
        return self.sessions

    def between(self) -> ComposeResult:
        yield self.heading
        yield self.sessions

    def show(self) -> None:
        model = self.context.model
        view = model.view()
        self.sessions.show(view, self.context.now())
        left = bars.counts(view, is_complete=model.is_complete)
        right = bars.chosen(view, model.order, model.filter)
        self.head.say(bars.header(left, right, self.room), *self._trouble())
        self._say_heading(view)
        self._show_keys()

    def _trouble(self) -> list[list[Piece]]:
        feed, model = self.context.feed, self.context.model
        if feed.client.is_live:
            return []
        at = time.strftime("%H:%M:%S", time.localtime(feed.live_until))
        return [
            bars.trouble(
                feed.client.problem,
                is_complete=model.is_complete,
                was_live_at=at,
                room=self.room,
            )
        ]

    def _say_heading(self, view: View) -> None:
        model = self.context.model
        self.heading.display = not view.lines or self.size.height >= LOW
        if view.lines:
            self.heading.say([(heading(self.sessions.columns), "dim")])
        elif view.hidden:
            self.heading.say([(f"no session matches /{model.filter}: Escape shows all", "dim")])
        elif model.is_complete:
            self.heading.say([(f"start {FIRST.resume[0]}, and it appears here", "dim")])
        else:
            self.heading.say([])

    def _show_keys(self) -> None:
        keys = [Key("q", "quit", "quit"), Key("?", "help", "help")]
        if self.context.model.rows:
            keys = [Key("/", "filter", "filter"), Key("s", "sort", "sort"), *keys]
        line = self.sessions.line
        if isinstance(line, ClosedDivider):
            keys.insert(0, Key("Enter", "hide closed" if line.is_open else "show closed", "fold"))
        elif line is not None:
            keys = [Key("Enter", "details", "open"), *session_keys(line), *keys]
        self.foot.show_keys(keys)

    # Keys ----------------------------------------------------------------------

    def on_session_list_moved(self) -> None:
        self._show_keys()

    def on_session_list_chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if isinstance(self.sessions.line, ClosedDivider):
            self.action_fold()
        elif (row := self.row) is not None:
            from acd.ui.dashboard.detail_screen import DetailScreen  # most runs never need it

            self.app.push_screen(DetailScreen(self.context, row))

    def action_fold(self) -> None:
        self.context.model.shows_closed = not self.context.model.shows_closed
        self.show()

    def action_sort(self) -> None:
        order = self.context.model.next_order()
        self.foot.tell(
            f"sorted by {order}" + (" (the usual)" if order == next(iter(ORDERS)) else "")
        )
        self.show()

    async def action_filter(self) -> None:
        from acd.ui.dashboard.filter import FilterLine  # Textual's Input costs 20 ms

        if not self.query(FilterLine):
            self.foot.display = False
            await self.mount(FilterLine(self.context.model.filter), before=self.foot)

    def action_clear(self) -> None:
        self.filter_by("")

    def filter_by(self, text: str) -> None:
        """Shows only the sessions in which all the words are found."""
        self.context.model.filter = text
        self.show()

    def end_filter(self) -> None:
        """The filter's line gives its place back to the keys."""
        self.foot.display = True
        self.sessions.focus()
