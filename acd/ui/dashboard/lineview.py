"""Widgets that draw lines of pieces: a view that scrolls, and a bar that does not.

Responsible for turning pieces into what Textual draws, and for drawing again
only the lines that have changed. They refuse to know what the lines say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from acd.ui.dashboard.columns import Piece
from acd.ui.dashboard.theme import Look

MARGIN = 1
"""Empty cells on either side; the right one is the scrollbar's place."""


def strip(pieces: Iterable[Piece], look: Look, room: int, *, under_cursor: bool = False) -> Strip:
    """A line of exactly `room` cells. Text is taken as it is: no markup, no emoji codes."""
    plain = look.style("plain", under_cursor=under_cursor)
    segments = [Segment(" " * MARGIN, plain)]
    for text, role in pieces:
        segments.append(Segment(text, look.style(role, under_cursor=under_cursor)))
    # The highlight ends with the text, not with what is drawn beside it.
    return Strip(segments).adjust_cell_length(room, look.style("no bar", under_cursor=under_cursor))


class LineView(ScrollView, can_focus=True):
    """Lines that scroll; subclasses say what is in them."""

    DEFAULT_CSS = """
    LineView {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        background: $background;
        background-tint: transparent;
    }
    """

    def __init__(self, look: Look, *, id: str | None = None):
        super().__init__(id=id)
        self.look = look
        self._drawn: dict[int, tuple[list[Piece], bool]] = {}

    # What subclasses say -------------------------------------------------

    def count(self) -> int:
        """How many lines there are."""
        raise NotImplementedError

    def pieces(self, index: int) -> list[Piece]:
        """What a line says, in `self.room` cells."""
        raise NotImplementedError

    def is_under_cursor(self, index: int) -> bool:
        """Whether the cursor is on the line."""
        return False

    # Drawing ---------------------------------------------------------------

    @property
    def room(self) -> int:
        """Cells of a line's text."""
        return max(1, self.size.width - 2 * MARGIN)

    def render_line(self, y: int) -> Strip:
        drawn = self._line(y)
        self._drawn[y] = drawn
        pieces, under_cursor = drawn
        return strip(pieces, self.look, self.size.width, under_cursor=under_cursor)

    def draw(self) -> None:
        """Draws what has changed since it was drawn last."""
        size = Size(self.size.width, self.count())
        if size.height != self.virtual_size.height:
            self.virtual_size = size
        columns = self.size.width
        changed = [
            Region(0, y, columns, 1)
            for y in range(self.size.height)
            if self._drawn.get(y) != self._line(y)
        ]
        if changed:
            self.refresh(*changed)

    def _line(self, y: int) -> tuple[list[Piece], bool]:
        index = y + round(self.scroll_offset.y)
        if index >= self.count():
            return [], False
        return self.pieces(index), self.is_under_cursor(index)

    def show_line(self, index: int) -> None:
        """Scrolls as little as is needed to see a line."""
        top, height = round(self.scroll_offset.y), self.size.height
        if index < top:
            self.scroll_to(y=index, animate=False)
        elif index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False)


class Bar(Widget):
    """A few lines that do not scroll; as high as what they say."""

    DEFAULT_CSS = """
    Bar {
        height: auto;
        background: $background;
    }
    """

    def __init__(self, look: Look, *, id: str | None = None):
        super().__init__(id=id)
        self.look = look
        self._lines: Sequence[Sequence[Piece]] = ((),)

    def say(self, *lines: Sequence[Piece]) -> None:
        """Shows these lines from now on."""
        if list(lines) != list(self._lines):
            is_as_high = len(lines) == len(self._lines)
            self._lines = lines
            self.refresh(layout=not is_as_high)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        pieces = self._lines[y] if y < len(self._lines) else ()
        return strip(pieces, self.look, self.size.width)
