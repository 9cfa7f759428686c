"""The dashboard's bottom line: clickable keys, replaced by a message for a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from textual import events
from textual.timer import Timer

from acd.text import width
from acd.ui.dashboard.line_widgets import MARGIN, StaticLines
from acd.ui.dashboard.pieces import Piece, Role

_MESSAGE_SECONDS: Final = 6.0
"""Seconds after which a message disappears; a key removes it at once."""
_GAP: Final = "  "


class KeyHint(NamedTuple):
    """A key, its label, and the action of the screen that a click on it runs."""

    key: str
    label: str
    action: str

    @property
    def width(self) -> int:
        return width(self.key) + 1 + width(self.label)


class ClickTarget(NamedTuple):
    """The cells of a line, `end` excluded, in which a click runs an action."""

    start: int
    end: int
    action: str


def key_line(hints: Sequence[KeyHint], room: int) -> tuple[list[Piece], list[ClickTarget]]:
    """As many keys as fit into `room` cells, always with the last one (help)."""
    *optional, last = hints
    used = last.width
    shown = []
    for hint in optional:
        used += hint.width + len(_GAP)
        if used > room:
            break
        shown.append(hint)
    pieces: list[Piece] = []
    targets: list[ClickTarget] = []
    start = 0
    for hint in (*shown, last):
        if pieces:
            pieces.append((_GAP, "plain"))
            start += len(_GAP)
        pieces += [(hint.key, "strong"), (f" {hint.label}", "dim")]
        targets.append(ClickTarget(start, start + hint.width, hint.action))
        start += hint.width
    return pieces, targets


class Footer(StaticLines):
    """Shows the keys of a screen, or a message in their place."""

    _hints: Sequence[KeyHint] = ()
    _targets: Sequence[ClickTarget] = ()
    _message_timer: Timer | None = None

    def show_keys(self, hints: Sequence[KeyHint]) -> None:
        """Sets the keys; a message stays in front of them."""
        self._hints = hints
        if self._message_timer is None:
            self._draw_keys()

    def show_message(self, text: str, role: Role = "plain") -> None:
        """Shows a message until it times out or `clear_message` is called."""
        self.clear_message()
        self._targets = ()
        self._message_timer = self.set_timer(_MESSAGE_SECONDS, self.clear_message)
        self.set_text(text, role)

    def clear_message(self) -> None:
        """Shows the keys again."""
        if self._message_timer is not None:
            self._message_timer.stop()
            self._message_timer = None
            self._draw_keys()

    def on_resize(self) -> None:
        if self._message_timer is None:
            self._draw_keys()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        for target in self._targets:
            if target.start <= event.x - MARGIN < target.end:
                self.call_later(self.screen.run_action, target.action)

    def _draw_keys(self) -> None:
        if self._hints:
            pieces, self._targets = key_line(self._hints, self.size.width - 2 * MARGIN)
            self.set_lines(pieces)
