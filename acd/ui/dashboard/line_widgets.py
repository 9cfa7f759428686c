"""Widgets that draw lines of pieces and redraw only the lines that have changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from acd.ui.dashboard.pieces import Piece, Role
from acd.ui.dashboard.theme import Theme
from acd.ui.dashboard.wrap import wrap_text

MARGIN: Final = 1
"""Empty cells on either side of a line. The scrollbar covers the right one."""
_MOST_LINES: Final = 3


def _strip(
    pieces: Iterable[Piece], theme: Theme, width: int, *, under_cursor: bool = False
) -> Strip:
    """A line of exactly `width` cells. Text is literal: no markup, no emoji codes."""
    segments = [Segment(" " * MARGIN, theme.style("plain", under_cursor=under_cursor))]
    for text, role in pieces:
        segments.append(Segment(text, theme.style(role, under_cursor=under_cursor)))
    # "no bar": reverse video ends with the text.
    fill = theme.style("no bar", under_cursor=under_cursor)
    return Strip(segments).adjust_cell_length(width, fill)


class ScrollingLines(ScrollView, can_focus=True):
    """Lines that scroll. A subclass provides their number and their pieces."""

    DEFAULT_CSS = """
    ScrollingLines {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        background: $background;
        background-tint: transparent;
    }
    """

    def __init__(self, theme: Theme, *, id: str | None = None):
        super().__init__(id=id)
        self._theme = theme
        self._drawn: dict[int, tuple[list[Piece], bool]] = {}

    # For subclasses --------------------------------------------------------

    def count(self) -> int:
        """The number of lines."""
        raise NotImplementedError

    def pieces(self, index: int) -> list[Piece]:
        """The pieces of a line, at most `self.room` cells."""
        raise NotImplementedError

    def is_under_cursor(self, index: int) -> bool:
        """Whether the line is highlighted."""
        return False

    # Drawing ---------------------------------------------------------------

    @property
    def room(self) -> int:
        """The cells of a line without its margins."""
        return max(1, self.size.width - 2 * MARGIN)

    def render_line(self, y: int) -> Strip:
        self._drawn[y] = pieces, under_cursor = self._line(y)
        return _strip(pieces, self._theme, self.size.width, under_cursor=under_cursor)

    def draw(self) -> None:
        """Redraws the lines that have changed since they were drawn."""
        size = Size(self.size.width, self.count())
        if size.height != self.virtual_size.height:
            self.virtual_size = size
        changed = [
            Region(0, y, self.size.width, 1)
            for y in range(self.size.height)
            if self._drawn.get(y) != self._line(y)
        ]
        if changed:
            self.refresh(*changed)

    def line_at(self, y: int) -> int:
        """The index of the line in a row of the widget; it may be beyond the last line."""
        return y + round(self.scroll_offset.y)

    def _line(self, y: int) -> tuple[list[Piece], bool]:
        index = self.line_at(y)
        if index >= self.count():
            return [], False
        return self.pieces(index), self.is_under_cursor(index)

    def show_line(self, index: int) -> None:
        """Scrolls by the least amount that makes the line visible."""
        top, height = round(self.scroll_offset.y), self.size.height
        if index < top:
            self.scroll_to(y=index, animate=False)
        elif index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False)


class StaticLines(Widget):
    """Lines that do not scroll. The widget is as high as their number."""

    DEFAULT_CSS = """
    StaticLines {
        height: auto;
        background: $background;
    }
    """

    def __init__(self, theme: Theme, *, id: str | None = None):
        super().__init__(id=id)
        self._theme = theme
        self._lines: Sequence[Sequence[Piece]] = ((),)

    def set_lines(self, *lines: Sequence[Piece]) -> None:
        """Replaces the lines."""
        if list(lines) != list(self._lines):
            is_as_high = len(lines) == len(self._lines)
            self._lines = lines
            self.refresh(layout=not is_as_high)

    def set_text(self, text: str, role: Role) -> None:
        """Replaces the lines by at most three lines of wrapped text."""
        # A widget that was never displayed has no size yet.
        room = max(8, (self.size.width or self.app.size.width) - 2 * MARGIN)
        lines: list[list[Piece]] = [[(line, role)] for line in wrap_text(text, room)[:_MOST_LINES]]
        self.set_lines(*lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        pieces = self._lines[y] if y < len(self._lines) else ()
        return _strip(pieces, self._theme, self.size.width)
