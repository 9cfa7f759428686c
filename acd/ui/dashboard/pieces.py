"""Text with roles, the input of everything that is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from acd.text import width

Role = Literal[
    "question",
    "attention",
    "working",
    "closed",
    "plain",
    "strong",
    "dim",
    "question bar",
    "attention bar",
    "working bar",
    "no bar",
]
Piece = tuple[str, Role]


def pieces_width(pieces: Iterable[Piece]) -> int:
    """The cells that the pieces take on a line."""
    return sum(width(text) for text, _ in pieces)
