"""A subscriber's copy of all sessions, and the changes that each push makes to it."""

from __future__ import annotations

from typing import NamedTuple

from acd.protocol import Message, Removed, Snapshot, Update
from acd.sessions.values import Json


class SessionChange(NamedTuple):
    """A session that has changed."""

    session_id: str
    before: Json | None
    """None for a new session."""
    after: Json | None
    """None for a removed session."""
    elapsed: int | None
    """Whole seconds in the previous status; None for a new or removed session, and for a
    change that a snapshot brought after a lost connection."""


class SessionMirror:
    """All sessions, by id, as the daemon pushed them last. It needs `SUBSCRIBE json`.

    `reports_all`: changes are also all sessions of each snapshot, and updates of any field.
    """

    def __init__(self, *, reports_all: bool = False) -> None:
        self._reports_all = reports_all
        self.sessions: dict[str, Json] = {}
        self.is_complete = False
        """Whether there was a snapshot yet."""

    def apply(self, message: Message) -> list[SessionChange]:
        """Applies a push, and returns what it has changed.

        The first snapshot changes nothing. A later one is compared with the
        sessions so far: what was missed is returned once, oldest first.
        """
        match message:
            case Snapshot(sessions):
                return self._replace({session["id"]: session for session in sessions})
            case Update(session_id, _, elapsed, session) if session is not None:
                before = self.sessions.get(session_id)
                self.sessions[session_id] = session
                if not self._is_reported(before, session):
                    return []
                return [SessionChange(session_id, before, session, elapsed if before else None)]
            case Removed(session_id) if session_id in self.sessions:
                return [SessionChange(session_id, self.sessions.pop(session_id), None, None)]
        return []

    def _replace(self, sessions: dict[str, Json]) -> list[SessionChange]:
        known, self.sessions = self.sessions, sessions
        is_first, self.is_complete = not self.is_complete, True
        if is_first and not self._reports_all:
            return []
        changed = [
            SessionChange(session_id, known.get(session_id), session, None)
            for session_id, session in sessions.items()
            if self._is_reported(known.get(session_id), session)
        ]
        removed = [
            SessionChange(session_id, before, None, None)
            for session_id, before in known.items()
            if session_id not in sessions
        ]
        return sorted(changed, key=_since) + removed

    def _is_reported(self, before: Json | None, after: Json) -> bool:
        """An event that confirms a status changes only fields that a user does not notice."""
        if self._reports_all or before is None:
            return True
        return any(before.get(key) != after.get(key) for key in ("status", "since", "prompt"))


def _since(change: SessionChange) -> float:
    return float((change.after or {}).get("since", 0.0))
