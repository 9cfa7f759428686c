"""The input line of the filter."""

from __future__ import annotations

from typing import ClassVar, Protocol, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static


class FilterableScreen(Protocol):
    """The screen that has the filter."""

    def filter_by(self, text: str) -> None: ...
    def move_cursor(self, by: int) -> None: ...
    def end_filter(self) -> None: ...


class FilterLine(Horizontal):
    """A slash and the input field. It removes itself when the user is done."""

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
    """Filters with every character. Enter keeps the filter, Escape drops it."""

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
    def _filterable(self) -> FilterableScreen:
        return cast(FilterableScreen, self.screen)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._filterable.filter_by(event.value)

    def action_move(self, by: int) -> None:
        self._filterable.move_cursor(by)

    def action_keep(self) -> None:
        self._filterable.end_filter()
        if self.parent is not None:
            cast(FilterLine, self.parent).remove()

    def action_drop(self) -> None:
        self._filterable.filter_by("")
        self.action_keep()

    def on_blur(self) -> None:
        """Keeps the filter after a mouse click elsewhere."""
        if self.is_attached:
            self.action_keep()
