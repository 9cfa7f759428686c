"""What the bars above and below the sessions say.

Responsible for their words and for what of them fits. It refuses to know
widgets and when a bar is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from acd.sessions.status import CLOSED, STATUSES
from acd.text import SYMBOLS, cut, one_line, width
from acd.ui.dashboard.columns import Piece, Role
from acd.ui.dashboard.model import ORDERS, View

_GAP: Final = "  "


class Key(NamedTuple):
    """A key, what it does in a word, and the action that it stands for."""

    key: str
    word: str
    action: str


def counts(view: View, *, is_complete: bool) -> list[Piece]:
    """`2 need you · 3 working · 1 closed`"""
    if not is_complete:
        return [("acd", "strong")]
    if not any(view.counts.values()):
        return [("no sessions", "strong")]
    needing: Role = "question" if view.counts["question"] else "attention"
    pieces: list[Piece] = [("nobody needs you", "strong")]
    if view.needing:
        verb = "needs" if view.needing == 1 else "need"
        symbol = SYMBOLS[STATUSES[needing]]
        pieces = [(f"{symbol} {view.needing} {verb} you", needing)]
    for status in ("working", CLOSED):
        if count := view.counts[STATUSES[status]]:
            pieces.append((f" · {count} {status}", "dim"))
    return pieces


def chosen(view: View, order: str, filter_text: str) -> list[Piece]:
    """Which sessions are shown, and in which order, where that is not the usual."""
    pieces: list[Piece] = []
    if filter_text:
        pieces.append((f"/{one_line(filter_text)}", "strong"))
        if view.hidden:
            pieces.append((f" hides {view.hidden}", "dim"))
    if order != next(iter(ORDERS)):
        gap = _GAP if pieces else ""
        pieces.append((f"{gap}by {order}", "dim"))
    return pieces


def header(left: Sequence[Piece], right: Sequence[Piece], room: int) -> list[Piece]:
    """Both sides on a line; where there is no room, the left one loses its last pieces."""
    left = list(left)
    while (free := room - _width(left) - _width(right)) < len(_GAP) and len(left) > 1:
        left.pop()
    return [*left, (" " * max(len(_GAP), free), "plain"), *right] if right else left


def trouble(problem: str | None, *, is_complete: bool, was_live_at: str, room: int) -> list[Piece]:
    """Why what is shown may not be how things are."""
    if problem is None:
        return [(cut("connecting…", room), "dim")]
    text = f"{one_line(problem)}: connecting again…"
    if is_complete:
        text += f"  (as it was at {was_live_at})"
    return [(cut(text, room), "attention")]


def keys(keys: Sequence[Key], room: int) -> tuple[list[Piece], list[tuple[int, int, str]]]:
    """As many keys as fit, the last one (help) always; and which cells mean which action."""
    pieces: list[Piece] = []
    places: list[tuple[int, int, str]] = []
    *others, last = keys
    used = _key_width(last)
    shown = []
    for key in others:
        if used + _key_width(key) + len(_GAP) > room:
            break
        used += _key_width(key) + len(_GAP)
        shown.append(key)
    at = 0
    for key in (*shown, last):
        if pieces:
            pieces.append((_GAP, "plain"))
            at += len(_GAP)
        pieces += [(key.key, "strong"), (f" {key.word}", "dim")]
        places.append((at, at + _key_width(key), key.action))
        at += _key_width(key)
    return pieces, places


def _key_width(key: Key) -> int:
    return width(key.key) + 1 + width(key.word)


def _width(pieces: Sequence[Piece]) -> int:
    return sum(width(text) for text, _ in pieces)
