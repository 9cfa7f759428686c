"""Models and texts for tests of rows, columns and the header."""

from __future__ import annotations

from collections.abc import Iterable

from acd.protocol import Message
from acd.ui.dashboard.model import Model
from acd.ui.dashboard.pieces import Piece
from testing.dashboard.wire import NOW


def model_of(*messages: Message) -> Model:
    """A model that has applied these messages at NOW and has labels."""
    model = Model("/home/dev")
    for message in messages:
        model.apply(message, NOW)
    model.content()
    return model


def text_of(pieces: Iterable[Piece]) -> str:
    """The text of the pieces."""
    return "".join(text for text, _ in pieces)
