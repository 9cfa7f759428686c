"""The line in which a filter is typed.

Responsible for its keys. It refuses to know what is filtered how.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static


class Filtered(Protocol):
    """The screen whose sessions are filtered."""

    sessions: _Movable

    def filter_by(self, text: str) -> None: ...
    def end_filter(self) -> None: ...


class _Movable(Protocol):
    def action_move(self, by: int) -> None: ...


class FilterLine(Horizontal):
    """A slash, and what is typed behind it."""

    DEFAULT_CSS = """
    FilterLine { height: 1; padding: 0 1; background: $background; }
    FilterLine Static { width: 1; text-style: bold; }
    FilterLine Input, FilterLine Input:focus {
        width: 1fr;
        height: 1;
        border: none;
        padding: 0;
        background: $background;
        background-tint: transparent;
    }
    """

    def __init__(self, text: str):
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        yield Static("/", markup=False)
        yield _FilterInput(self._text)

    def on_mount(self) -> None:
        self.query_one(_FilterInput).focus()


class _FilterInput(Input):
    """Filters while it is typed; Enter keeps the filter, Escape drops it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", show=False),
        Binding("escape", "drop", show=False),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
    ]

    def __init__(self, text: str):
        super().__init__(text, placeholder="words of name, directory, status or text")
        self.cursor_blink = False
        self.select_on_focus = False

    @property
    def _filtered(self) -> Filtered:
        return cast(Filtered, self.screen)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._filtered.filter_by(event.value)

    def action_move(self, by: int) -> None:
        self._filtered.sessions.action_move(by)

    def action_keep(self) -> None:
        self._filtered.end_filter()
        if self.parent is not None:
            cast(FilterLine, self.parent).remove()

    def action_drop(self) -> None:
        self._filtered.filter_by("")
        self.action_keep()

    def on_blur(self) -> None:
        """The mouse went elsewhere."""
        if self.is_attached:
            self.action_keep()
