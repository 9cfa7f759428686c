"""The interface between installing hooks and one kind of agent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from acd.agents.settings.hook_entries import Handler
from acd.findings import Finding
from acd.system import programs

Edited = Callable[[bytes | None, bytes | None], str | None]
"""Follows an edit: (before, after) to what the user should know. Raises AcdError."""


class Step(Protocol):
    """Something to be done."""

    def describe(self) -> str:
        """What execute() would do, as an order: "write …"."""

    def execute(self) -> str | None:
        """Does it; what was done, if it is worth a line. Raises AcdError."""


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
