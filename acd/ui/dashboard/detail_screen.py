"""The screen of one session.

Responsible for asking the daemon for all that it knows, again whenever the
session changes, and for which sections are open. It refuses to know what the
lines say (details.py).
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget

from acd.errors import AcdError
from acd.sessions.values import Json
from acd.ui.dashboard import bars, details
from acd.ui.dashboard.bars import Key
from acd.ui.dashboard.columns import Piece
from acd.ui.dashboard.details import SECTIONS, DetailLine
from acd.ui.dashboard.lineview import LineView
from acd.ui.dashboard.rows import Row
from acd.ui.dashboard.screens import Context, SessionScreen, session_keys

_OPEN_AT_FIRST: Final = frozenset({"history"})


class _Details(LineView):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", show=False),
        Binding("up,k", "scroll_up", show=False),
        Binding("home,g", "scroll_home", show=False),
        Binding("end,G", "scroll_end", show=False),
        *(Binding(str(n), f"screen.section({n})", show=False) for n in range(1, len(SECTIONS) + 1)),
        Binding("enter,escape,q,backspace,left", "screen.back", show=False),
        Binding("f", "screen.jump", show=False),
        Binding("r", "screen.resurrect", show=False),
        Binding("x", "screen.close", show=False),
        Binding("d", "screen.delete", show=False),
        Binding("question_mark,f1", "screen.help", show=False),
    ]

    lines: tuple[DetailLine, ...] = ()

    def count(self) -> int:
        return len(self.lines)

    def pieces(self, index: int) -> list[Piece]:
        return self.lines[index].pieces

    def on_click(self, event: events.Click) -> None:
        index = event.y + round(self.scroll_offset.y)
        if index < len(self.lines) and (section := self.lines[index].section) is not None:
            self.call_later(self.screen.run_action, f"section({SECTIONS.index(section) + 1})")


class DetailScreen(SessionScreen):
    """All about one session, for as long as it is looked at."""

    def __init__(self, context: Context, row: Row):
        super().__init__(context)
        self._row = row
        self._whole: Json | None = None
        self._asked_for: Json | None = None
        self._is_open = _OPEN_AT_FIRST
        self.details = _Details(context.look, id="details")

    @property
    def row(self) -> Row | None:
        return self._row

    def body(self) -> Widget:
        return self.details

    def show(self) -> None:
        there = self.context.model.rows.get(self._row.id)
        if there is not None:
            self._row = there
        if there is not None and self._asked_for is not self._row.session:
            self._asked_for = self._row.session
            self.run_worker(self._ask(), exclusive=True, group="ask")
        self.details.lines = tuple(
            details.lines(
                self._row, self._whole, self._is_open, self.details.room, self.context.now()
            )
        )
        self.details.draw()
        gone: Piece = ("details", "dim") if there is not None else ("it is gone", "attention")
        self.head.say(bars.header([(self._row.label, "strong")], [gone], self.room))
        back, rest = Key("Enter", "back", "back"), Key("1 2 3", "sections", "section(1)")
        actions = session_keys(self._row) if there is not None else []
        self.foot.show_keys([back, *actions, rest, Key("?", "help", "help")])

    async def _ask(self) -> None:
        try:
            self._whole = await self.context.actions.details(self._row)
        except AcdError:
            self._asked_for = None  # asked again when there is something new
            return
        self.show()

    def action_section(self, number: int) -> None:
        self._is_open ^= {SECTIONS[number - 1]}
        self.show()

    def action_back(self) -> None:
        self.app.pop_screen()
