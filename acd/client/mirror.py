"""What a subscriber knows: every session, kept up to date by what is pushed.

Responsible for applying pushes, and for telling what each changed, so that
after a lost connection nothing is missed and nothing told twice. It refuses
to know connections and how a change is shown.
"""

from __future__ import annotations

from typing import NamedTuple

from acd.protocol import Message, Removed, State, Update
from acd.sessions.values import Json


class SessionChange(NamedTuple):
    """A session that is not as it was."""

    session_id: str
    before: Json | None
    """None: it is new."""
    after: Json | None
    """None: it is no more."""
    elapsed: int | None
    """Whole seconds in the previous status; None where there was none, or where
    nobody was there to be told."""


class SessionMirror:
    """All sessions as the daemon told them last, by their ids.

    It needs pushes with JSON (`SUBSCRIBE json`).
    """

    def __init__(self) -> None:
        self.sessions: dict[str, Json] = {}
        self.is_complete = False
        """Whether there was a STATE yet."""
        """Whether there was a STATE yet."""

    def apply(self, message: Message) -> list[SessionChange]:
        """Takes a push in, and tells what it changed.

        The first STATE changes nothing: it is how things are. A later one is
        compared with what was known.
        """
        match message:
            case State(sessions):
                return self._replace({session["id"]: session for session in sessions})
            case Update(session_id, _, elapsed, session) if session is not None:
                before = self.sessions.get(session_id)
                self.sessions[session_id] = session
                if not _differs(before, session):
                    return []
                return [SessionChange(session_id, before, session, elapsed if before else None)]
            case Removed(session_id) if session_id in self.sessions:
                return [SessionChange(session_id, self.sessions.pop(session_id), None, None)]
        return []

    def _replace(self, sessions: dict[str, Json]) -> list[SessionChange]:
        known, self.sessions = self.sessions, sessions
        if not self.is_complete:
            self.is_complete = True
            return []
        changed = [
            SessionChange(session_id, known.get(session_id), session, None)
            for session_id, session in sessions.items()
            if _differs(known.get(session_id), session)
        ]
        gone = [
            SessionChange(session_id, before, None, None)
            for session_id, before in known.items()
            if session_id not in sessions
        ]
        return sorted(changed, key=_since) + gone


def _differs(before: Json | None, after: Json) -> bool:
    """Whether it has something to tell. An event that confirms a status has nothing."""
    return before is None or any(
        before.get(key) != after.get(key) for key in ("status", "since", "prompt")
    )


def _since(difference: SessionChange) -> float:
    return float((difference.after or {}).get("since", 0.0))
