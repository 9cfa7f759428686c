"""What acd knows of one kind of agent, as data.

Responsible for the interface behind which agents differ: acd/agents/ has one
module for each, and nothing else in acd names one. It refuses to know any of
them; docs/agents.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from acd.sessions.status import QUESTION, Status
from acd.sessions.values import Json


@dataclass(frozen=True)
class Agent:
    """One kind of agent. The functions are pure, and raise nothing whatever the payload holds."""

    name: str
    """As hooks and SET's agent_type name it."""
    title: str
    """As people name it."""
    events: Mapping[str, Status | None]
    """Event, or event/kind where the kind decides, to the status it sets; None changes nothing."""
    kind: Callable[[str, Json], str | None]
    """What tells events of one name apart: (event, payload) to a kind."""
    said: Callable[[str, Json], str | None]
    """What an event asks, or the agent last said: (event, payload) to a text of any length."""
    resume: tuple[str, ...]
    """The command that takes a conversation up again; its id follows."""
    installer: str
    """`module:name` of its part of the installer (acd/install/agents.py)."""
    subagents_only_ask: bool = False
    """Whether subagents' events say nothing of the status, their questions apart."""
    evidence: str | None = None
    """`module:class` of its evidence beside hooks and process (acd/agents/observer.py)."""
    transcript: Callable[[Json], str | None] = lambda payload: None
    """The file that its evidence reads, as a payload names it."""
    servers: frozenset[str] = frozenset()
    """Arguments of a process that serves many terminals: the pid and the terminal that its
    hooks tell are not the session's. Where an agent has such, a process whose arguments
    cannot be read is taken for one."""
    unattended: frozenset[str] = frozenset()
    """Arguments of a process that nobody sits in front of."""

    def status(self, event: str, kind: str | None, *, by_subagent: bool = False) -> Status | None:
        """What the table says of an event; None for what changes nothing or is not known."""
        label = f"{event}/{kind}" if kind else event
        status = self.events.get(label, self.events.get(event))
        if by_subagent and self.subagents_only_ask and status != QUESTION:
            return None
        return status

    def knows(self, event: str, kind: str | None) -> bool:
        """Whether the table has the event, be it as one that changes nothing."""
        return event in self.events or f"{event}/{kind}" in self.events
