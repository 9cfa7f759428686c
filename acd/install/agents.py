"""Which agents the installer is for, and their parts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

from acd.agents.catalog import AGENTS, DEFAULT
from acd.agents.installer import Installer
from acd.install.settings import Settings


def installer(agent: str) -> Installer:
    """Returns the agent's part of the installer."""
    module, _, name = AGENTS[agent].installer.partition(":")
    found: Installer = getattr(import_module(module), name)
    return found


def settings(environ: Mapping[str, str], agent: str) -> Settings:
    """Returns the agent's settings file."""
    found = installer(agent)
    return Settings(found.settings(environ), agent, AGENTS[agent].title, found.status_line)


def chosen(environ: Mapping[str, str], named: Sequence[str] = ()) -> list[str]:
    """Returns the agents to install for: the named ones, else those that the user has.

    For a user without an agent: the first, whose hooks do nothing until it is installed.
    """
    if named:
        return [agent for agent in AGENTS if agent in named]
    return [agent for agent in AGENTS if installer(agent).is_here(environ)] or [DEFAULT.name]
