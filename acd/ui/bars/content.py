"""The sessions as a status bar shows them: counts, order, and one printable line each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from acd.sessions.status import ATTENTION, NEEDS_YOU, QUESTION, STATUSES, WORKING, by_need
from acd.sessions.values import Json
from acd.text import SYMBOLS, age, cut, one_line

SHOWN: Final = (QUESTION, ATTENTION, WORKING)
"""The statuses that a bar counts, the most urgent first."""

_SAFE: Final = frozenset("/._+-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""Characters without a meaning in a bar's language and in a shell, by which some bars run it."""

_NAME_COLUMNS: Final = 40
_TEXT_COLUMNS: Final = 80


class BarContent:
    """All open sessions at a time (unix seconds), those that need the user first.

    `program` is the path of acd, for bars that run it on a click.
    """

    __slots__ = ("_now", "counts", "program", "sessions")

    def __init__(self, sessions: Iterable[Json], now: float, program: str = "acd"):
        self._now = now
        self.program = program if _SAFE.issuperset(program) else "acd"
        self.sessions = by_need(each for each in sessions if each["status"] in SHOWN)
        """As in LIST."""
        self.counts = dict.fromkeys(SHOWN, 0)
        for each in self.sessions:
            self.counts[STATUSES[each["status"]]] += 1

    @property
    def status(self) -> str:
        """The most urgent status; `none` without open sessions."""
        return self.sessions[0]["status"] if self.sessions else "none"

    @property
    def first(self) -> Json | None:
        """The session that needs the user most; None if none does."""
        return self.sessions[0] if self.status in NEEDS_YOU else None

    def age(self, session: Json) -> str:
        """How long the session has had its status: `3m`, `2h 10m`; empty in the first minute."""
        seconds = self._seconds(session)
        if seconds < 60:
            return ""
        return age(seconds) if seconds >= 3600 else f"{seconds // 60}m"

    def until_older(self) -> float | None:
        """Seconds until the age of a session is written differently; None without sessions."""
        return min((60.0 - self._seconds(each) % 60 for each in self.sessions), default=None)

    def line(self, session: Json) -> str:
        """The session in one line: `▲ api 3m: Bash: rm -rf build`."""
        head = " ".join(filter(None, (symbol(session), name(session), self.age(session))))
        message = text(session)
        return f"{head}: {message}" if message else head

    def _seconds(self, session: Json) -> int:
        # The session's clock may be ahead.
        return max(0, int(self._now - session["since"]))


def name(session: Json) -> str:
    """The session's display name, truncated."""
    return cut(one_line(str(session["display_name"])), _NAME_COLUMNS)


def text(session: Json) -> str:
    """The session's question or last message, truncated; empty without one."""
    return cut(one_line(str(session["prompt"] or "")), _TEXT_COLUMNS)


def symbol(session: Json) -> str:
    """The symbol of the session's status."""
    return SYMBOLS[STATUSES[session["status"]]]


def can_be_clicked(session: Json) -> bool:
    """Whether a click may run `acd jump`: its terminal is known and its id is a safe argument."""
    is_local = bool(session.get("terminal")) and not session.get("host")
    return is_local and _SAFE.issuperset(session["id"]) and not session["id"].startswith("-")
