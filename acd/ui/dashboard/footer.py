"""The bar below: keys, what came of one, or a question.

Responsible for its three faces. It refuses to know what the keys do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.timer import Timer

from acd.ui.dashboard import bars
from acd.ui.dashboard.bars import Key
from acd.ui.dashboard.columns import Piece, Role
from acd.ui.dashboard.details import wrapped
from acd.ui.dashboard.lineview import MARGIN, Bar

_SECONDS: Final = 6.0
"""For which a message stays, unless a key is pressed."""
_MOST_LINES: Final = 3


class Footer(Bar):
    """Shows keys that can be clicked, and now and then a message in their place."""

    _keys: Sequence[Key] = ()
    _places: Sequence[tuple[int, int, str]] = ()
    _until: Timer | None = None

    def show_keys(self, keys: Sequence[Key]) -> None:
        """The keys that mean something now."""
        self._keys = keys
        if self._until is None:
            self._say_keys()

    def tell(self, text: str, role: Role = "plain") -> None:
        """Shows a message for a while."""
        self.forget()
        self._places = ()
        self._until = self.set_timer(_SECONDS, self.forget)
        shown = wrapped(text, max(8, self._room))[:_MOST_LINES]
        lines: list[list[Piece]] = [[(line, role)] for line in shown]
        self.say(*lines)

    def forget(self) -> None:
        """Shows the keys again."""
        if self._until is not None:
            self._until.stop()
            self._until = None
            self._say_keys()

    def on_resize(self) -> None:
        if self._until is None:
            self._say_keys()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        for start, end, action in self._places:
            if start <= event.x - MARGIN < end:
                self.call_later(self.screen.run_action, action)

    @property
    def _room(self) -> int:
        return self.size.width - 2 * MARGIN

    def _say_keys(self) -> None:
        if self._keys:
            pieces, self._places = bars.keys(self._keys, self._room)
            self.say(pieces)


class Ask(Bar, can_focus=True):
    """A question that y or n answers; no other key does anything meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "answer(True)", show=False),
        Binding("n,N,escape,q", "answer(False)", show=False),
    ]

    _then: Callable[[bool], None] | None = None

    def ask(self, question: str, then: Callable[[bool], None]) -> None:
        """Asks, and calls `then` with the answer."""
        self._then = then
        room = max(8, self.size.width or self.app.size.width) - 2 * MARGIN
        texts = wrapped(f"{question}  y yes · n no", room)[:_MOST_LINES]
        lines: list[list[Piece]] = [[(text, "attention")] for text in texts]
        self.say(*lines)
        self.display = True
        self.focus()

    def action_answer(self, answer: bool) -> None:
        self.display = False
        then, self._then = self._then, None
        if then is not None:
            then(answer)

    def on_blur(self) -> None:
        """The mouse went elsewhere: that is no yes."""
        if self._then is not None:
            self.action_answer(False)
