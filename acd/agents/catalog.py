"""The agents: every folder beside this file that has an `events` module.

No other file outside such a folder names an agent. docs/agents.md describes how to add one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

from acd.agents.agent import Agent
from acd.sessions.signals import NOTHING, PROCESS_ENDED, Signal, SignalKind, Translator
from acd.sessions.values import Json


def _found() -> Iterator[Agent]:
    # Without pkgutil (1 ms), which also finds them in a zip file: acd never runs from one.
    for folder in sorted(Path(__file__).parent.iterdir()):
        if (folder / "events.py").is_file():
            yield import_module(f"{__package__}.{folder.name}.events").AGENT


AGENTS: Final[Mapping[str, Agent]] = {agent.name: agent for agent in _found()}

DEFAULT: Final = AGENTS["claude-code"]
"""The agent of a SET that names none (docs/protocol.md), and the one to install for a user
who has none yet."""

_OBSERVATIONS: Final[Mapping[str, SignalKind]] = {
    PROCESS_ENDED: "ENDED",
    **{word: kind for agent in AGENTS.values() for word, kind in agent.observations.items()},
}
"""The words of all observers: the record of an observation does not name the agent."""


def _event_signal(agent: str, event: str, kind: str | None, by_subagent: bool) -> Signal:
    if agent not in AGENTS:
        return NOTHING
    return AGENTS[agent].signal(event, kind, by_subagent=by_subagent)


TRANSLATOR: Final = Translator(
    event=_event_signal,
    observation=lambda word: _OBSERVATIONS.get(word, "NONE"),
    default_agent=DEFAULT.name,
)
"""Reads journals and recordings."""


def usage_of(session: Json) -> Json:
    """What a session's API_USAGE holds, with the keys of docs/dashboard.md for any agent."""
    usage: Json = session.get("api_usage") or {}
    agent = AGENTS.get(str(session.get("agent_type")))
    return agent.usage(usage) if agent else usage


def resume_argv(agent: str, resume_id: str | None) -> list[str] | None:
    """The command that resumes a conversation; None for an unknown agent or an invalid id.

    An id that the agent's command line would parse as an option is invalid, and
    so is one with characters that are not printable.
    """
    if agent not in AGENTS or not resume_id or resume_id.startswith("-"):
        return None
    if not resume_id.isprintable():
        return None
    return [*AGENTS[agent].resume, resume_id]


def session_resume_argv(session: Json) -> list[str] | None:
    """The command that resumes a session (as in LIST); None if acd cannot resume it."""
    if session.get("superseded_by"):
        return None
    return resume_argv(str(session.get("agent_type")), session.get("session_id"))
