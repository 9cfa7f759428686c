"""How values are written for people: safely, and in a known number of columns.

Responsible for making foreign text harmless on a terminal, for its width
there, and for ages, times, and the symbols and words of what is told of
sessions. It refuses to know colours, tables and who reads it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from acd.sessions.status import ATTENTION, CLOSED, QUESTION, RANK, WORKING, Status

if TYPE_CHECKING:
    from acd.sessions.values import Json

SYMBOLS: Final[Mapping[Status, str]] = {
    QUESTION: "▲",
    ATTENTION: "●",
    WORKING: "▸",
    CLOSED: "·",
}
"""What stands before a status's word, so that colour is never all that tells."""

EVIDENCE: Final[Mapping[str, str]] = {
    "set": "a command said so (SET or RM)",
    "hook": "its hook said so",
    "registry": "the agent's own session file said so",
    "process": "its process ended",
    "resume": "it was resumed",
}
"""Why a status is believed, in words."""

ELLIPSIS: Final = "…"

# Zero width joiner and non-joiner: Arabic, Indic scripts and emoji are wrong
# without them, and they do nothing to a terminal.
_JOINERS: Final = "\u200c\u200d"


def by_need(sessions: Iterable[Json]) -> list[Json]:
    """Who needs the user most comes first: by status, then the longest waiting."""
    return sorted(sessions, key=lambda each: (RANK[each["status"]], each["since"], each["id"]))


def printable(text: str) -> str:
    """The text with everything escaped that could act on a terminal or forge a line.

    Control characters, line ends, bidirectional overrides and lone surrogates
    become their escapes; a space of any kind becomes a space.
    """
    if text.isprintable():
        return text
    return "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    import unicodedata  # 1 MB, and most text does not need it

    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode()


def one_line(text: str) -> str:
    """The text as one printable line: line ends and runs of spaces become a space."""
    return printable(" ".join(text.split()))


def width(text: str) -> int:
    """Columns that a terminal needs for it (Unicode Standard Annex #11)."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    import unicodedata

    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """The text, or its beginning and an ellipsis, in at most this many columns."""
    if width(text) <= columns:
        return text
    kept, room = [], columns - 1
    for character in text:
        room -= _width(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + ELLIPSIS if columns > 0 else ""


def cut_left(text: str, columns: int) -> str:
    """The text, or an ellipsis and its end, in at most this many columns."""
    if width(text) <= columns:
        return text
    kept, room = [], columns - 1
    for character in reversed(text):
        room -= _width(character)
        if room < 0:
            break
        kept.append(character)
    return ELLIPSIS + "".join(reversed(kept)) if columns > 0 else ""


def pad(text: str, columns: int) -> str:
    """The text with spaces behind it, up to this many columns."""
    return text + " " * (columns - width(text))


def age(seconds: float) -> str:
    """A length of time in its two largest units: `5s`, `2m 5s`, `3h 10m`, `2d 4h`."""
    whole = max(0, int(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}d {hour}h"
    if hours:
        return f"{hours}h {minute}m"
    return f"{minutes}m {second}s" if minutes else f"{second}s"


def moment(at: float, now: float) -> str:
    """A time (unix seconds) of today as `12:03:05`, another one with its date."""
    then, today = time.localtime(at), time.localtime(now)
    form = "%H:%M:%S" if then[:3] == today[:3] else "%Y-%m-%d %H:%M:%S"
    return time.strftime(form, then)
