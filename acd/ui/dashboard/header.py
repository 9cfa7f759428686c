"""The text of the dashboard's top line: counts, filter, order, and a lost connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from acd.sessions.status import CLOSED, STATUSES
from acd.text import SYMBOLS, cut, one_line
from acd.ui.dashboard.model import DEFAULT_ORDER, ListContent
from acd.ui.dashboard.pieces import Piece, Role, pieces_width

_GAP: Final = "  "


def counts(content: ListContent, *, is_complete: bool) -> list[Piece]:
    """`▲ 2 need you · 3 working · 1 closed`; the program's name before the first snapshot."""
    if not is_complete:
        return [("acd", "strong")]
    if not any(content.counts.values()):
        return [("no sessions", "strong")]
    pieces: list[Piece] = [("nobody needs you", "strong")]
    if number := content.needing:
        role: Role = "question" if content.counts["question"] else "attention"
        verb = "needs" if number == 1 else "need"
        pieces = [(f"{SYMBOLS[STATUSES[role]]} {number} {verb} you", role)]
    for status in ("working", CLOSED):
        if count := content.counts[STATUSES[status]]:
            pieces.append((f" · {count} {status}", "dim"))
    return pieces


def selection(content: ListContent, order: str, filter_text: str) -> list[Piece]:
    """The filter and the order, where they differ from the default."""
    pieces: list[Piece] = []
    if filter_text:
        pieces.append((f"/{one_line(filter_text)}", "strong"))
        if content.hidden:
            pieces.append((f" hides {content.hidden}", "dim"))
    if order != DEFAULT_ORDER:
        gap = _GAP if pieces else ""
        pieces.append((f"{gap}by {order}", "dim"))
    return pieces


def header(left: Sequence[Piece], right: Sequence[Piece], room: int) -> list[Piece]:
    """Both sides on one line of `room` cells. The left side drops its last pieces to fit."""
    left = list(left)
    while (free := room - pieces_width(left) - pieces_width(right)) < len(_GAP) and len(left) > 1:
        left.pop()
    return [*left, (" " * max(len(_GAP), free), "plain"), *right] if right else left


def connection_problem(
    problem: str | None, *, is_complete: bool, was_live_at: str, room: int
) -> list[Piece]:
    """Why the connection is down, and the time of day that the shown sessions are from."""
    if problem is None:
        return [(cut("connecting…", room), "dim")]
    text = f"{one_line(problem)}: connecting again…"
    if is_complete:
        text += f"  (as it was at {was_live_at})"
    return [(cut(text, room), "attention")]
