"""The agents, seen by the installer: what it has to know of each.

Responsible for the interface between installing hooks and one kind of agent,
and for telling which agents are here. It refuses to know any of them:
acd/agents/ names the module that holds each one's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from acd.agents import AGENTS, FIRST
from acd.diagnosis import Finding
from acd.install import programs
from acd.install.settings import Handler
from acd.install.steps import Edited, Step

Environ = Mapping[str, str]


@dataclass(frozen=True)
class Trust:
    """An agent that runs no hook before its user trusts it."""

    missing: Callable[[Environ], list[str]]
    """The events whose hooks of ours it does not run. Raises AcdError."""
    give: Callable[[Environ], Step]
    """What trusts ours on the user's behalf."""
    ask: str
    """How the agent itself asks the user, as a sentence."""


@dataclass(frozen=True)
class Installer:
    """What the installer has to know of an agent."""

    program: str
    """Its name on PATH."""
    settings: Callable[[Environ], Path]
    """The file that holds its hooks, in the agent's configuration directory."""
    wanted: Callable[[Environ, str], Mapping[str, Handler]]
    """(environ, command) to the hook entry of each event; only events that the agent knows."""
    update: str = ""
    """What makes a program that knows none of the events know some: "update it …"."""
    edited: Callable[[Environ], Edited] | None = None
    """What has to follow an edit of the hooks' file."""
    trust: Trust | None = None
    has_status_line: bool = False
    """Whether the settings can name a program for its status line (status_line.py)."""
    clients: Callable[[Environ], Iterator[Finding]] | None = None
    """What there is to say of its programs that are here; `acd install` tells the problems."""
    checks: Callable[[Environ, Path], Iterator[Finding]] | None = None
    """What else `acd doctor` has to look at: (environ, a project's directory) to what it found."""

    def is_here(self, environ: Environ) -> bool:
        """Whether the user has the agent: its configuration directory or its program."""
        found = self.settings(environ).parent.is_dir()
        return found or programs.which(self.program, environ) is not None


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
