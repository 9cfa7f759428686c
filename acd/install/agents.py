"""The agents, seen by the installer: what it has to know of each.

Responsible for the interface between installing hooks and one kind of agent,
and for telling which agents are here. It refuses to know any of them:
acd/agents/ names the module that holds each one's.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from acd.agents.catalog import AGENTS, FIRST
from acd.agents.installer import Environ, Installer


def installer(agent: str) -> Installer:
    """The agent's part of the installer."""
    module, _, name = AGENTS[agent].installer.partition(":")
    found: Installer = getattr(import_module(module), name)
    return found


def chosen(environ: Environ, named: Sequence[str] = ()) -> list[str]:
    """The agents to be installed for: those named, else those that are here.

    Where none is here the first one: it may well come later, and its hooks
    harm nobody until then.
    """
    if named:
        return [agent for agent in AGENTS if agent in named]
    return [agent for agent in AGENTS if installer(agent).is_here(environ)] or [FIRST.name]
