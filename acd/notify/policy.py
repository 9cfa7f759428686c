"""Which waits the user is to be told of: decisions from sessions and times.

Responsible for the rules (statuses, grace, directories, how long it had
worked, whether the user looks at it), for telling of one wait at most once,
also over a restart, and for taking back what is over. A wait is a session's id
and when it began. It refuses to know how anybody is told, how it is known where
the user looks, and any clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import PurePath
from typing import Any

from acd.sessions.status import ATTENTION, CLOSED, NEEDS_YOU, WORKING
from acd.sessions.values import Json


@dataclass(frozen=True)
class Look:
    """A reason to believe that the user looks at a session, now."""

    idle: float | None = None
    """Seconds since the last key there; None if that is not known."""
    has_focus: bool = False
    """Whether keys are known to go there. If not, only a key proves that somebody is there."""


Looks = Callable[[Json], Iterable[Look]]
"""Tells of a session whatever speaks for the user's looking at it."""


@dataclass(frozen=True)
class Rules:
    """What is worth telling. Times are seconds."""

    on: tuple[str, ...] = NEEDS_YOU
    grace: float = 0.0
    """How long a wait must have lasted."""
    after: float = 0.0
    """How long a turn must have worked, for its end (attention) to count."""
    quiet_in: tuple[str, ...] = ()
    """Absolute directories; what is below them is quiet too."""
    seen: float = 0.0
    """How long a wait that is looked at is left to whoever looks, since the last sign of them."""

    def want(self, session: Json, worked: float | None) -> bool:
        """Whether to tell of this wait; `worked` is None where nobody saw how long."""
        if session["status"] not in self.on or session.get("attended") is False:
            return False
        if session["status"] == ATTENTION and worked is not None and worked < self.after:
            return False
        directory = session.get("working_dir")
        return directory is None or not any(
            PurePath(directory).is_relative_to(quiet) for quiet in self.quiet_in
        )

    def quiet_until(self, looks: Sequence[Look], began: float, now: float) -> float:
        """Until when a wait that began then is left to those who look at it; the past for none.

        That it begins before their eyes is a sign of them, too: somebody may
        watch an agent for long without a key. But not for ever: who went away
        and left the window open is to be told.
        """
        keys = [now - look.idle for look in looks if look.idle is not None]
        eyes = [began for look in looks if look.has_focus]
        return max(keys + eyes, default=-inf) + self.seen


@dataclass
class _Known:
    """A session as it was seen last; all but the last three outlive a restart."""

    status: str
    since: float
    worked: float | None
    """Seconds of its turn, up to `since`; None if nobody saw its beginning."""
    settled: bool = False
    """Whether it was decided whether to tell of this wait."""
    told: bool = False
    began: float = 0.0
    """When the wait began, by the clock of whoever asks."""
    due: float | None = None
    session: Json | None = None


class NotificationPolicy:
    """Decides what to tell of, and what to take back.

    `remembered` is what `record` gave before. Times given in (`now`) are
    seconds of any clock that only goes forward.
    """

    def __init__(self, rules: Rules, remembered: object = None):
        self._rules = rules
        self._known: dict[str, _Known] = dict(_read(remembered))
        self._pending: set[str] = set()
        self.is_changed = False
        """Whether `record` has something new since it was asked last."""

    def see_all(self, sessions: Mapping[str, Json], now: float) -> list[str]:
        """Takes in all sessions that there are; the ids of those to take back."""
        gone = [(session_id, None) for session_id in self._known if session_id not in sessions]
        return [
            session_id
            for session_id, session in (*gone, *sessions.items())
            if self.see(session_id, session, now)
        ]

    def see(self, session_id: str, session: Json | None, now: float) -> bool:
        """Takes in how a session is (None: no more); whether to take back what was told of it."""
        before = self._known.get(session_id)
        if session is None or session["status"] == CLOSED:
            if before is not None:
                del self._known[session_id]
                self.is_changed = True
            self._pending.discard(session_id)
            return before is not None and before.told
        status, since = session["status"], session["since"]
        if before is not None and (before.status, before.since) == (status, since):
            known, over = before, False
        else:
            known = _Known(status, since, _worked(before, status, since))
            over = before is not None and before.told
            self._known[session_id] = known
            self.is_changed = True
            self._pending.discard(session_id)
        known.session = session
        if status in NEEDS_YOU and not known.settled and known.due is None:
            known.began = now - session.get("elapsed", 0)
            known.due = max(now, known.began + self._rules.grace)
            self._pending.add(session_id)
        return over

    def due(self, now: float, looks: Looks = lambda session: ()) -> list[Json]:
        """The sessions to tell of by now; each wait comes once.

        One that is looked at is put off: it comes when the last sign of
        whoever looks has become old, unless it is over by then.
        """
        told = []
        for session_id in sorted(self._pending):
            known = self._known[session_id]
            if known.session is None or known.due is None or known.due > now:
                continue
            wanted = self._rules.want(known.session, known.worked)
            if wanted and self._rules.seen:
                seen = tuple(looks(known.session))
                if (until := self._rules.quiet_until(seen, known.began, now)) > now:
                    known.due = until
                    continue
            self._pending.discard(session_id)
            known.settled = self.is_changed = True
            known.told = wanted
            if known.told:
                told.append(known.session)
        return told

    @property
    def next_due(self) -> float | None:
        """When `due` may have something; None: not before something is seen."""
        return min(
            (due for each in self._pending if (due := self._known[each].due) is not None),
            default=None,
        )

    def record(self) -> Json:
        """What a restart must know, as JSON."""
        self.is_changed = False
        return {
            session_id: [known.status, known.since, known.worked, known.settled, known.told]
            for session_id, known in self._known.items()
        }


def _worked(before: _Known | None, status: str, since: float) -> float | None:
    """Seconds that the turn has worked up to now. An answer to a question continues a turn."""
    if before is None:
        return 0.0 if status == WORKING else None
    if before.status == ATTENTION and status == WORKING:
        return 0.0
    if before.worked is None or before.status != WORKING:
        return before.worked
    return before.worked + max(0.0, since - before.since)


def _read(remembered: object) -> Iterable[tuple[str, _Known]]:
    """The inverse of record; what is no such thing is left out."""
    if not isinstance(remembered, dict):
        return
    for session_id, fields in remembered.items():
        match fields:
            case [str() as status, since, worked, bool() as settled, bool() as told] if _is_number(
                since
            ) and (worked is None or _is_number(worked)):
                yield session_id, _Known(status, since, worked, settled, told)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
