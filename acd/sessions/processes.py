"""An index of the sessions by their process, which holds one conversation after another."""

from typing import NamedTuple

from acd.sessions.session import Session


class Process(NamedTuple):
    """An agent's process: its machine (None: this one), and its pid."""

    host: str | None
    pid: int


class Processes:
    """The sessions of each process, in the order in which they were seen there."""

    def __init__(self) -> None:
        self._sessions: dict[Process, dict[str, Session]] = {}

    def add(self, session: Session) -> None:
        """Adds a session, if its process is known."""
        if session.pid is not None:
            process = Process(session.host, session.pid)
            self._sessions.setdefault(process, {})[session.id] = session

    def discard(self, session: Session) -> None:
        """Removes a session; to be called before its process changes."""
        if session.pid is None:
            return
        process = Process(session.host, session.pid)
        if (sessions := self._sessions.get(process)) is not None:
            sessions.pop(session.id, None)
            if not sessions:
                del self._sessions[process]

    def sessions_of(self, process: Process) -> list[Session]:
        """The sessions that run, or ran last, in a process."""
        return list(self._sessions.get(process, {}).values())
