"""The description of one kind of agent, as data. docs/agents.md explains how to add one."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from acd.sessions.signals import GOES_ON, NOTHING, Signal, SignalKind
from acd.sessions.values import Json


class Agent(NamedTuple):
    """One kind of agent. The functions are pure, and raise nothing whatever the payload holds."""

    name: str
    """Its name in hooks and in SET's agent_type."""
    title: str
    """Its name for people."""
    events: Mapping[str, Signal]
    """Event, or event/kind where the kind decides, to its signal."""
    kind: Callable[[str, Json], str | None]
    """(event, payload) to the event's kind, which separates events of one name."""
    text: Callable[[str, Json], str | None]
    """(event, payload) to the question or the agent's last message, of any length."""
    resume: tuple[str, ...]
    """The command that resumes a conversation; its id follows."""
    installer: str
    """`module:name` of its part of the installer (acd/install/agents.py)."""
    session_events: frozenset[str] = frozenset()
    """Events about the session, whichever agent's hook reports them."""
    call_events: frozenset[str] = frozenset()
    """Events that carry the name and the input of a tool call."""
    anonymous_events: frozenset[str] = frozenset()
    """Events that do not name the agent that they are about."""
    subagents_only_ask: bool = False
    """Whether subagents' events set no status, except their questions."""
    observer: str | None = None
    """`module:class` of its observer (acd/agents/observer.py)."""
    observations: Mapping[str, SignalKind] = MappingProxyType({})
    """The observer's words to signals; journals hold the words, so they never change."""
    usage: Callable[[Json], Json] = lambda usage: usage
    """An object of API_USAGE, in the agent's own shape or not, to the keys of docs/dashboard.md."""
    transcript: Callable[[Json], str | None] = lambda payload: None
    """The file that its observer reads, from a payload."""
    servers: frozenset[str] = frozenset()
    """Arguments of a process that serves many terminals, whose pid and terminal are not the
    session's. For an agent with such arguments, a process with unreadable ones counts as one."""
    unattended: frozenset[str] = frozenset()
    """Arguments of a process without a user in front of it."""

    def signal(self, event: str, kind: str | None, *, by_subagent: bool = False) -> Signal:
        """The signal of an event; `NONE` for an unknown event."""
        found = self.events.get(f"{event}/{kind}") if kind else None
        signal = found or self.events.get(event, NOTHING)
        if by_subagent:
            if self.subagents_only_ask and signal.kind not in {"ASKED", "REMINDED", "NONE"}:
                signal = GOES_ON
        elif signal.goes_on:
            signal = NOTHING
        return signal._replace(anonymous=True) if event in self.anonymous_events else signal
