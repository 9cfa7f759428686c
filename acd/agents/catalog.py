"""The agents: every folder beside this file that has an `events` module.

No other file outside such a folder names an agent. docs/agents.md describes how to add one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

from acd.agents.agent import Agent
from acd.sessions.values import DEFAULT_AGENT


def _found() -> Iterator[Agent]:
    # Without pkgutil (1 ms), which also finds them in a zip file: acd never runs from one.
    for folder in sorted(Path(__file__).parent.iterdir()):
        if (folder / "events.py").is_file():
            yield import_module(f"{__package__}.{folder.name}.events").AGENT


AGENTS: Final[Mapping[str, Agent]] = {agent.name: agent for agent in _found()}

FIRST: Final = AGENTS[DEFAULT_AGENT]
"""The one to install for a user who has none yet."""


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
