"""The line in which a filter is typed.

Responsible for its keys. It refuses to know what is filtered how.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, cast

from textual.binding import Binding, BindingType
from textual.widgets import Input


class Filtered(Protocol):
    """The screen whose sessions are filtered."""

    sessions: _Movable

    def filter_by(self, text: str) -> None: ...
    def end_filter(self) -> None: ...


class _Movable(Protocol):
    def action_move(self, by: int) -> None: ...


class FilterInput(Input):
    """Filters while it is typed; Enter keeps the filter, Escape drops it."""

    DEFAULT_CSS = """
    FilterInput, FilterInput:focus {
        height: 1;
        border: none;
        padding: 0 1;
        background: $background;
        background-tint: transparent;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", show=False),
        Binding("escape", "drop", show=False),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
    ]

    def __init__(self, text: str):
        super().__init__(
            text, placeholder="filter: words of name, directory, status, text", id="filter"
        )
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
        self.remove()

    def action_drop(self) -> None:
        self._filtered.filter_by("")
        self.action_keep()

    def on_blur(self) -> None:
        """The mouse went elsewhere."""
        if self.is_attached:
            self.action_keep()
