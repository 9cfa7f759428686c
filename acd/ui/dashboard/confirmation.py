"""A yes-or-no question in place of the footer."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from acd.ui.dashboard.line_widgets import StaticLines


class Confirmation(StaticLines, can_focus=True):
    """A question that y or n answers. It has the focus, so all other keys do nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "answer(True)", show=False),
        Binding("n,N,escape,q", "answer(False)", show=False),
    ]

    _on_answer: Callable[[bool], None] | None = None

    def ask(self, question: str, on_answer: Callable[[bool], None]) -> None:
        """Shows the question and calls `on_answer` once with the answer."""
        self._on_answer = on_answer
        self.set_text(f"{question}  y yes · n no", "attention")
        self.display = True
        self.focus()

    def action_answer(self, answer: bool) -> None:
        self.display = False
        on_answer, self._on_answer = self._on_answer, None
        if on_answer is not None:
            on_answer(answer)

    def on_blur(self) -> None:
        """Takes a mouse click elsewhere as no."""
        if self._on_answer is not None:
            self.action_answer(False)
