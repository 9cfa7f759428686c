"""Breaks text and pieces into lines."""

from __future__ import annotations

from itertools import groupby

from acd.text import width
from acd.ui.dashboard.pieces import Piece, pieces_width


def wrap_text(text: str, room: int) -> list[str]:
    """The text in lines of at most `room` cells, broken at spaces where possible."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and width(lines[-1]) + 1 + width(word) <= room:
            lines[-1] += f" {word}"
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if width(lines[-1]) + width(character) > room:
                lines.append("")
            lines[-1] += character
    return lines


def wrap_entry(lead: Piece, body: Piece, room: int) -> list[list[Piece]]:
    """`body` in lines of at most `room` cells, all indented by the width of `lead`.

    `lead` starts the first line. The body gets at least 8 cells.
    """
    (head, lead_role), (text, role) = lead, body
    lines = wrap_text(text, max(8, room - width(head)))
    leads = [head, *[" " * width(head)] * (len(lines) - 1)]
    return [[(start, lead_role), (line, role)] for start, line in zip(leads, lines, strict=True)]


def wrap_pieces(pieces: list[Piece], room: int) -> list[list[Piece]]:
    """The pieces in lines of at most `room` cells.

    Lines after the first start below the last piece, or after two cells if that piece starts in
    the right half.
    """
    lead = pieces_width(pieces[:-1])
    indent = lead if lead <= room // 2 else 2
    text = "".join(text for text, _ in pieces)
    first = wrap_text(text, room)[0]
    rest = text[len(first) :].lstrip(" ")
    lines = [first, *(wrap_text(rest, max(8, room - indent)) if rest else ())]
    # Wrapping drops spaces only, so the characters of the lines match those of the pieces in order.
    characters = ((character, role) for text, role in pieces for character in text)
    wrapped: list[list[Piece]] = []
    for number, line in enumerate(lines):
        placed = [next(each for each in characters if each[0] == character) for character in line]
        runs = groupby(placed, key=lambda each: each[1])
        margin: list[Piece] = [(" " * indent, "plain")] if number else []
        wrapped.append(margin + [("".join(each for each, _ in run), role) for role, run in runs])
    return wrapped
