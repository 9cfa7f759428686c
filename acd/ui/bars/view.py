"""The sessions as a status bar looks at them: counts, and who needs the user most.

Responsible for what a bar can tell, in words that are one printable line. It
refuses to know any bar's markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from acd.sessions.status import ATTENTION, NEEDS_YOU, QUESTION, STATUSES, WORKING
from acd.sessions.values import Json
from acd.text import SYMBOLS, age, by_need, cut, one_line

SHOWN: Final = (QUESTION, ATTENTION, WORKING)
"""The statuses that a bar counts, the most urgent first."""

_PLAIN: Final = frozenset("/._+-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""What neither a bar's language nor a shell, by which some run it, takes for anything else."""

_NAME: Final = 40
_TEXT: Final = 80


class View:
    """All open sessions at a time (unix seconds), those that need the user first.

    `program` is how acd was called, for bars that call it on a click.
    """

    __slots__ = ("_now", "counts", "program", "sessions")

    def __init__(self, sessions: Iterable[Json], now: float, program: str = "acd"):
        self._now = now
        self.program = program if _PLAIN.issuperset(program) else "acd"
        self.sessions = by_need(each for each in sessions if each["status"] in SHOWN)
        """As the daemon tells them (LIST)."""
        self.counts = dict.fromkeys(SHOWN, 0)
        for each in self.sessions:
            self.counts[STATUSES[each["status"]]] += 1

    @property
    def status(self) -> str:
        """The most urgent status that there is; `none` without open sessions."""
        return self.sessions[0]["status"] if self.sessions else "none"

    @property
    def first(self) -> Json | None:
        """The session that needs the user most, if one does."""
        return self.sessions[0] if self.status in NEEDS_YOU else None

    def age(self, session: Json) -> str:
        """How long it has been so, in minutes: `3m`, `2h 10m`; empty in the first minute."""
        seconds = self._seconds(session)
        if seconds < 60:
            return ""
        return age(seconds) if seconds >= 3600 else f"{seconds // 60}m"

    def until_older(self) -> float | None:
        """Seconds until the age of a session is written differently; None without sessions."""
        return min((60.0 - self._seconds(each) % 60 for each in self.sessions), default=None)

    def _seconds(self, session: Json) -> int:
        # The other clock may be a bit ahead.
        return max(0, int(self._now - session["since"]))


def name(session: Json) -> str:
    """What it is called."""
    return cut(one_line(str(session["display_name"])), _NAME)


def text(session: Json) -> str:
    """What it asks or last said."""
    return cut(one_line(str(session["prompt"] or "")), _TEXT)


def symbol(session: Json) -> str:
    """What stands for its status."""
    return SYMBOLS[STATUSES[session["status"]]]


def can_be_clicked(session: Json) -> bool:
    """Whether a click may go to its terminal: it has told of one, and its id is harmless."""
    is_here = bool(session.get("terminal")) and not session.get("host")
    return is_here and _PLAIN.issuperset(session["id"]) and not session["id"].startswith("-")


def line(view: View, session: Json) -> str:
    """It in a line of its own: `▲ api 3m: Bash: rm -rf build`."""
    head = " ".join(filter(None, (symbol(session), name(session), view.age(session))))
    return f"{head}: {said}" if (said := text(session)) else head
