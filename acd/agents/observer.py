"""The interface of an agent's observer: code that watches the agent's own files."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from acd.sessions.signals import Observation


class WatchTarget(NamedTuple):
    """Where an open session of this machine can be observed."""

    session_id: str
    pid: int | None
    """Its process; None where several sessions share one, or none is known."""
    config_dir: str | None
    transcript: str | None
    subagent: str | None = None
    """The subagent whose transcript it is, while its question is open; else the main agent's."""


OnObservation = Callable[[str, Observation], None]
"""Called with a session's id and an observation of it."""


class AgentObserver(Protocol):
    """The observer of one kind of agent. Made with (event loop, OnObservation).

    No method raises: what cannot be watched is left to the hooks and the
    process. `follow` is called at each event of a session, so that what did not
    exist before is found.
    """

    @property
    def version(self) -> str | None:
        """The newest version of the agent's program that its files named; None for none."""

    def follow(self, target: WatchTarget) -> None:
        """Begins to watch a session, and looks at its files once."""

    def take_up(self, target: WatchTarget) -> None:
        """Follows a session that was not watched for a while: it may have ended meanwhile."""

    def forget(self, session_id: str) -> None:
        """Ends the watching of a session; one that is not followed is no error."""

    def close(self) -> None:
        """Ends all watching."""
