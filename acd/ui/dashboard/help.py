"""The help page: keys, statuses, and the blocks of timelines."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from acd.sessions.status import STATUSES
from acd.text import SYMBOLS, pad
from acd.ui.dashboard.footer import Footer, KeyHint
from acd.ui.dashboard.line_widgets import ScrollingLines
from acd.ui.dashboard.pieces import Piece, Role
from acd.ui.dashboard.theme import Theme
from acd.ui.dashboard.wrap import wrap_entry
from acd.ui.timeline.terminal import BLOCKS

_STATUSES: Final = {
    "question": "it is blocked until you answer",
    "attention": "it has finished: your move",
    "working": "it runs",
    "closed": "it has ended",
}
_KEYS: Final = (
    ("↑ ↓  j k", "move; g and G go to the ends"),
    ("Enter", "details: history, evidence, metadata"),
    ("f", "jump to its terminal (tmux, kitty, WezTerm, Zellij, iTerm2)"),
    ("r", "resurrect a closed session in a new window"),
    ("x", "close: acd stops watching it, its agent is left alone"),
    ("d", "delete it and its history"),
    ("/", "filter; Escape shows all again"),
    ("s", "sort by need, last change, name or directory"),
    ("c", "show or hide the closed sessions"),
    ("q", "quit; in help and details: go back"),
)
_BLOCKS: Final = {
    "question": "waited for your answer",
    "attention": "waited for your next prompt",
    "working": "worked",
}
_KEY_CELLS: Final = 11


def lines(room: int) -> list[list[Piece]]:
    """The page in lines of at most `room` cells."""
    page: list[list[Piece]] = [[("keys", "strong")]]
    for key, text in _KEYS:
        page += _entry(key, "plain", text, room)
    page += [[], [("statuses", "strong")]]
    for status in STATUSES.values():
        page += _entry(f"{SYMBOLS[status]} {status}", status, _STATUSES[status], room)
    page += [[], [("the last hour", "strong")]]
    for name, text in _BLOCKS.items():
        page += _entry(BLOCKS[STATUSES[name]] * 6, STATUSES[name], text, room)
    return page


def _entry(key: str, role: Role, text: str, room: int) -> list[list[Piece]]:
    return wrap_entry((pad(key, _KEY_CELLS) + "  ", role), (text, "dim"), room)


class _Page(ScrollingLines):
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
    """The help page and its footer."""

    DEFAULT_CSS = "HelpScreen { layout: vertical; background: $background; }"

    def __init__(self, theme: Theme):
        super().__init__()
        self._page = _Page(theme, id="help")
        self._footer = Footer(theme)

    def compose(self) -> ComposeResult:
        yield self._page
        yield self._footer

    def on_mount(self) -> None:
        self._page.focus()
        self._footer.show_keys([KeyHint("Escape", "back", "back")])

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    def show(self) -> None:
        """Draws the page in the window's size."""
        self._page.draw()

    def action_back(self) -> None:
        self.app.pop_screen()
