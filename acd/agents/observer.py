"""What every agent's own evidence looks like, whatever it is read from.

Responsible for the interface between the evidence of one kind of agent and
what joins it to sessions (evidence.py). It refuses to know any agent:
acd/agents/ names the class that stands behind this.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from acd.sessions.corrections import Source


class Place(NamedTuple):
    """Where an open session of this machine can be looked at."""

    session_id: str
    pid: int | None
    """Its process, None where several share one or none is known."""
    config_dir: str | None
    transcript: str | None
    subagent: str | None = None
    """Of whom the transcript tells, where that is not the main agent; it is named while it asks."""


class Says(Protocol):
    """Takes in what was seen; what may come of it is a table (sessions/corrections.py)."""

    def __call__(
        self, session_id: str, source: Source, word: str, at: int, subagent: str | None = None
    ) -> None:
        """`at` is the source's own time, unix nanoseconds; `subagent` is who it is about."""


class AgentObserver(Protocol):
    """The evidence of one kind of agent. Made with the loop, and with whom to tell.

    Nothing of it raises: what cannot be watched is not, and the hooks and the
    process tell all the same. A session is followed at each of its events, so
    that what was not there yet is found once it is.
    """

    @property
    def version(self) -> str | None:
        """The newest version of the agent's program that it has met; None where it is not told."""

    def follow(self, place: Place) -> None:
        """Begins to watch a session, and looks at once at what there is."""

    def take_up(self, place: Place) -> None:
        """Follows a session of which nobody took care for a while: it may have ended meanwhile."""

    def forget(self, session_id: str) -> None:
        """Ends the watching of a session; one that is not followed is no error."""

    def close(self) -> None:
        """Ends all watching."""
