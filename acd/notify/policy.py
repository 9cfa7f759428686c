"""Decides which sessions the user is notified of, and when a notification is withdrawn.

A session waits while its status is `question` or `attention`. Each wait (session, status,
`since`) is notified of at most once, also across restarts. Times are arguments.
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
class FocusReport:
    """Evidence that the user may be looking at a session now."""

    idle: float | None = None
    """Seconds since the last key there; None if unknown."""
    has_focus: bool = False
    """Whether keys are known to go there. If not, only a recent key shows that the user looks."""


ProbeFocus = Callable[[Json], Iterable[FocusReport]]
"""Returns what is known of the user's looking at a session."""


@dataclass(frozen=True)
class NotificationRules:
    """The section [notify] of the configuration. Times are seconds."""

    on: tuple[str, ...] = NEEDS_YOU
    grace: float = 0.0
    """How long a session waits before the user is notified."""
    after: float = 0.0
    """How long a turn must have worked for its end (`attention`) to count."""
    quiet_in: tuple[str, ...] = ()
    """Absolute directories without notifications; those below them are included."""
    seen: float = 0.0
    """How long to wait after the last activity of a user who looks at the session."""

    def allow(self, session: Json, worked: float | None) -> bool:
        """Whether to notify of this wait. `worked` is the turn's working time, None if unknown."""
        if session["status"] not in self.on or session.get("attended") is False:
            return False
        if session["status"] == ATTENTION and worked is not None and worked < self.after:
            return False
        directory = session.get("working_dir")
        return directory is None or not any(
            PurePath(directory).is_relative_to(quiet) for quiet in self.quiet_in
        )

    def quiet_until(self, reports: Sequence[FocusReport], began: float, now: float) -> float:
        """The time until which a wait that began at `began` is not notified of; -inf for none.

        A wait that begins where the focus is counts as activity: a user may watch an agent for
        long without a key. It ends after `seen`, because the user may have left the window open.
        """
        keys = [now - report.idle for report in reports if report.idle is not None]
        focused = [began for report in reports if report.has_focus]
        return max(keys + focused, default=-inf) + self.seen


@dataclass
class _Tracked:
    """A session as it was last seen. The first five fields are kept across restarts."""

    status: str
    since: float
    worked: float | None
    """The working seconds of its turn, up to `since`; None if the turn's start was not seen."""
    is_decided: bool = False
    """Whether it is decided if the user is notified of this wait."""
    is_notified: bool = False
    began: float = 0.0
    """When the wait began, by the caller's clock."""
    due: float | None = None
    session: Json | None = None


class NotificationPolicy:
    """Decides what to notify of, and what to withdraw.

    `saved` is an earlier result of `dump`. `now` is in seconds of any monotonic clock.
    """

    def __init__(self, rules: NotificationRules, saved: object = None):
        self._rules = rules
        self._tracked: dict[str, _Tracked] = dict(_load(saved))
        self._pending: set[str] = set()
        self.is_changed = False
        """Whether the result of `dump` has changed since its last call."""

    def update_all(self, sessions: Mapping[str, Json], now: float) -> list[str]:
        """Takes in all existing sessions. Returns the ids whose notification is to be withdrawn."""
        gone = [(session_id, None) for session_id in self._tracked if session_id not in sessions]
        return [
            session_id
            for session_id, session in (*gone, *sessions.items())
            if self.update(session_id, session, now)
        ]

    def update(self, session_id: str, session: Json | None, now: float) -> bool:
        """Takes in a session as in LIST (None: it was removed).

        Returns whether to withdraw its notification.
        """
        before = self._tracked.get(session_id)
        if session is None or session["status"] == CLOSED:
            return self._untrack(session_id)
        status, since = session["status"], session["since"]
        is_over = False
        if before is not None and (before.status, before.since) == (status, since):
            tracked = before
        else:
            is_over = self._untrack(session_id)
            tracked = _Tracked(status, since, _turn_seconds(before, status, since))
            self._tracked[session_id] = tracked
            self.is_changed = True
        tracked.session = session
        if status in NEEDS_YOU and not tracked.is_decided and tracked.due is None:
            tracked.began = now - session.get("elapsed", 0)
            tracked.due = max(now, tracked.began + self._rules.grace)
            self._pending.add(session_id)
        return is_over

    def _untrack(self, session_id: str) -> bool:
        """Forgets the session's wait. Returns whether the user was notified of it."""
        self._pending.discard(session_id)
        tracked = self._tracked.pop(session_id, None)
        if tracked is None:
            return False
        self.is_changed = True
        return tracked.is_notified

    def take_due(self, now: float, probe: ProbeFocus = lambda session: ()) -> list[Json]:
        """The sessions to notify of now; each wait is returned once.

        While the user looks at a session it is postponed. `probe` is called only where its
        result can change the decision.
        """
        due = []
        for session_id in sorted(self._pending):
            tracked = self._tracked[session_id]
            if tracked.session is None or tracked.due is None or tracked.due > now:
                continue
            is_allowed = self._rules.allow(tracked.session, tracked.worked)
            if is_allowed and self._rules.seen:
                reports = tuple(probe(tracked.session))
                if (until := self._rules.quiet_until(reports, tracked.began, now)) > now:
                    tracked.due = until
                    continue
            self._pending.discard(session_id)
            tracked.is_decided = self.is_changed = True
            tracked.is_notified = is_allowed
            if is_allowed:
                due.append(tracked.session)
        return due

    @property
    def next_due(self) -> float | None:
        """When `take_due` may return something; None: not before an update."""
        return min(
            (due for each in self._pending if (due := self._tracked[each].due) is not None),
            default=None,
        )

    def dump(self) -> Json:
        """What has to outlive a restart, as JSON. Clears `is_changed`."""
        self.is_changed = False
        return {
            session_id: [each.status, each.since, each.worked, each.is_decided, each.is_notified]
            for session_id, each in self._tracked.items()
        }


def _turn_seconds(before: _Tracked | None, status: str, since: float) -> float | None:
    """The turn's working seconds when it enters `status`. A question does not end a turn."""
    if before is None:
        return 0.0 if status == WORKING else None
    if before.status == ATTENTION and status == WORKING:
        return 0.0
    if before.worked is None or before.status != WORKING:
        return before.worked
    return before.worked + max(0.0, since - before.since)


def _load(saved: object) -> Iterable[tuple[str, _Tracked]]:
    """The inverse of dump. Invalid entries are skipped."""
    if not isinstance(saved, dict):
        return
    for session_id, fields in saved.items():
        match fields:
            case [
                str() as status,
                since,
                worked,
                bool() as is_decided,
                bool() as is_notified,
            ] if _is_number(since) and (worked is None or _is_number(worked)):
                yield session_id, _Tracked(status, since, worked, is_decided, is_notified)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
