"""The agents that acd knows: one module each, and this list.

Nothing else in acd names an agent. docs/agents.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acd.agents.agent import Agent
from acd.agents.claude_code.events import AGENT as CLAUDE_CODE
from acd.agents.codex.events import AGENT as CODEX

AGENTS: Final[Mapping[str, Agent]] = {agent.name: agent for agent in (CLAUDE_CODE, CODEX)}

FIRST: Final = next(iter(AGENTS.values()))
"""The one to begin with, where none is here yet."""


def resume_argv(agent: str, resume_id: str | None) -> list[str] | None:
    """The command that takes a conversation up again, or None where there is none.

    An id that the agent's command line would take for an option is refused,
    and one that cannot be an argument at all.
    """
    if agent not in AGENTS or not resume_id or resume_id.startswith("-"):
        return None
    if not resume_id.isprintable():
        return None
    return [*AGENTS[agent].resume, resume_id]
