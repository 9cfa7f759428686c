"""Formats values for people: escaping, width in columns, durations, times, status symbols."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from acd.sessions.status import ATTENTION, CLOSED, QUESTION, WORKING, Status

if TYPE_CHECKING:
    from acd.errors import AcdError

SYMBOLS: Final[Mapping[Status, str]] = {
    QUESTION: "▲",
    ATTENTION: "●",
    WORKING: "▸",
    CLOSED: "·",
}
"""Shown before a status, so that it can be recognised without colour."""

EVIDENCE: Final[Mapping[str, str]] = {
    "set": "a command set it (SET or RM)",
    "hook": "its hook reported it",
    "registry": "the agent's session file shows it",
    "process": "its process ended",
    "resume": "it was resumed",
}
"""The source of a status (`evidence` on the wire), as the end of a sentence after `because`."""

ELLIPSIS: Final = "…"

# Zero width non-joiner and joiner: Arabic, Indic scripts and emoji need them, and they have no
# effect on a terminal.
_JOINERS: Final = "\u200c\u200d"


def printable(text: str) -> str:
    """The text with everything escaped that can control a terminal or forge a line.

    Control characters, line ends, bidirectional overrides and lone surrogates become escape
    sequences; every space separator (category Zs) becomes a space.
    """
    if text.isprintable():
        return text
    return "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    import unicodedata  # 1 MB, and most text does without it

    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode()


def error_text(error: AcdError) -> str:
    """The error for standard error: a line with its message, and one with its hint."""
    hint = f"\n     {printable(error.hint)}" if error.hint else ""
    return f"acd: {printable(error.message)}{hint}"


def one_line(text: str) -> str:
    """The text as one printable line: runs of white space become one space."""
    return printable(" ".join(text.split()))


def width(text: str) -> int:
    """The columns of the text on a terminal (Unicode Standard Annex #11)."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    import unicodedata

    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """The text truncated to at most this many columns, with an ellipsis at its end."""
    if width(text) <= columns:
        return text
    return _fitting(text, columns - 1).rstrip() + ELLIPSIS if columns > 0 else ""


def cut_left(text: str, columns: int) -> str:
    """The text truncated to at most this many columns, with an ellipsis at its beginning."""
    if width(text) <= columns:
        return text
    return ELLIPSIS + _fitting(text[::-1], columns - 1)[::-1] if columns > 0 else ""


def _fitting(text: str, columns: int) -> str:
    """The longest beginning of the text that fits into this many columns."""
    for end, character in enumerate(text):
        columns -= _width(character)
        if columns < 0:
            return text[:end]
    return text


def short_path(path: str, home: str | None) -> str:
    """The path as printable text, with `~` for the home directory."""
    if home and (path == home or path.startswith(f"{home}/")):
        path = "~" + path[len(home) :]
    return printable(path)


def pad(text: str, columns: int) -> str:
    """The text padded on the right to this many columns."""
    return text + " " * (columns - width(text))


def age(seconds: float) -> str:
    """A duration in its two largest units: `5s`, `2m 5s`, `3h 10m`, `2d 4h`."""
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
    """A time (unix seconds) in the local time zone: `12:03:05`, with the date unless today."""
    then, today = time.localtime(at), time.localtime(now)
    form = "%H:%M:%S" if then[:3] == today[:3] else "%Y-%m-%d %H:%M:%S"
    return time.strftime(form, then)
