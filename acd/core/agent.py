"""What acd knows of one kind of agent, as data.

Responsible for the interface behind which agents differ: acd/agents/ has one
module for each, and nothing else in acd names one. It refuses to know any of
them; docs/agents.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from acd.core.session import Json
from acd.core.status import Status


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
    evidence: str | None = None
    """`module:class` of its evidence beside hooks and process (acd/watch/source.py)."""

    def status(self, event: str, kind: str | None) -> Status | None:
        """What the table says of an event; None for what changes nothing or is not known."""
        label = f"{event}/{kind}" if kind else event
        return self.events.get(label, self.events.get(event))
