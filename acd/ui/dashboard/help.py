"""The page behind `?`: what the keys do, and what the signs mean.

Responsible for its words, and for nothing else.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from acd.sessions.status import STATUSES
from acd.text import SYMBOLS, pad
from acd.ui.dashboard.bars import Key
from acd.ui.dashboard.columns import BLOCKS, Piece, Role
from acd.ui.dashboard.details import wrapped
from acd.ui.dashboard.footer import Footer
from acd.ui.dashboard.lineview import LineView
from acd.ui.dashboard.theme import Look

_MEANINGS: Final = {
    "question": "it is blocked until you answer",
    "attention": "it has finished: your move",
    "working": "it runs",
    "closed": "it has ended",
}
_KEYS: Final = (
    ("↑ ↓  j k", "move; g and G go to the ends"),
    ("Enter", "details: history, evidence, metadata"),
    ("f", "jump to its terminal (tmux, kitty, WezTerm, Zellij, iTerm2)"),
    ("r", "resurrect a closed one, in a new window"),
    ("x", "close: acd stops watching it, its agent is left alone"),
    ("d", "delete it and its history"),
    ("/", "filter; Escape shows all again"),
    ("s", "sort by need, last change, name or directory"),
    ("c", "show or hide the closed ones"),
    ("q", "quit; in here and in the details, go back"),
)
_LEAD: Final = 11


def lines(room: int) -> list[list[Piece]]:
    """The page, in lines of at most `room` cells."""
    page: list[list[Piece]] = [[("keys", "strong")]]
    for key, text in _KEYS:
        page += _entry(key, "plain", text, room)
    page += [[], [("what they mean", "strong")]]
    for status in STATUSES.values():
        page += _entry(f"{SYMBOLS[status]} {status}", status, _MEANINGS[status], room)
    page += [[], [("the last hour", "strong")]]
    for status, text in (
        ("question", "waited for your answer"),
        ("attention", "waited for your next word"),
        ("working", "worked"),
    ):
        page += _entry(BLOCKS[STATUSES[status]] * 6, STATUSES[status], text, room)
    return page


def _entry(key: str, role: Role, text: str, room: int) -> list[list[Piece]]:
    first, *rest = wrapped(text, max(8, room - _LEAD - 2))
    entry: list[list[Piece]] = [[(pad(key, _LEAD) + "  ", role), (first, "dim")]]
    entry += [[(" " * (_LEAD + 2), "plain"), (line, "dim")] for line in rest]
    return entry


class _Page(LineView):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", show=False),
        Binding("up,k", "scroll_up", show=False),
        Binding("escape,q,question_mark,f1,enter", "screen.back", show=False),
    ]

    def count(self) -> int:
        return len(lines(self.room))

    def pieces(self, index: int) -> list[Piece]:
        return lines(self.room)[index]


class HelpScreen(Screen[None]):
    """Keys and signs."""

    DEFAULT_CSS = "HelpScreen { layout: vertical; background: $background; }"

    def __init__(self, look: Look):
        super().__init__()
        self._page = _Page(look, id="help")
        self._foot = Footer(look)

    def compose(self) -> ComposeResult:
        yield self._page
        yield self._foot

    def on_mount(self) -> None:
        self._page.focus()
        self._foot.show_keys([Key("Escape", "back", "back")])

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    def show(self) -> None:
        """Fits the page into the window."""
        self._page.draw()

    def action_back(self) -> None:
        self.app.pop_screen()
