"""The interface between the installer and one kind of agent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from acd.agents.settings.hook_entries import HookEntry
from acd.findings import Finding
from acd.system import programs

Environ = Mapping[str, str]


class Step(Protocol):
    """One action of the installer."""

    def describe(self) -> str:
        """Returns what execute() does, as an order: "write …"."""

    def execute(self) -> str | None:
        """Does it. Returns a line for the user, or None. Raises AcdError."""


@dataclass(frozen=True)
class Trust:
    """The review of acd's hooks, for an agent that runs only reviewed hooks."""

    untrusted: Callable[[Environ], list[str]]
    """Returns the events whose acd hooks the agent does not run. Raises AcdError if that
    cannot be determined."""
    give: Callable[[Environ], Step]
    """Returns the step that trusts acd's hooks for the user."""
    review: str
    """How the agent itself asks the user for a review, as a sentence."""


StatusLineOwner = Literal["acd", "other", "none"]


@dataclass(frozen=True)
class StatusLine:
    """A status line in the agent's settings. The functions raise SettingsError."""

    script: str
    """The file name of acd's program for it."""
    owner: Callable[[str], StatusLineOwner]
    """Returns whose status line a settings text sets."""
    merge: Callable[[str, str, str | None], str]
    """(text, command, original) to the text with acd's, unless another program's is set."""
    unmerge: Callable[[str, str | None], str]
    """(text, original) to the text without acd's."""


@dataclass(frozen=True)
class Installer:
    """What the installer needs of an agent.

    `seen_version` is the newest version of the agent's program that the daemon has
    seen in use, or None.
    """

    program: str
    """Its name on PATH."""
    settings: Callable[[Environ], Path]
    """Returns the file that holds the hooks, in the agent's configuration directory."""
    hooks: Callable[[Environ, str, str | None], Mapping[str, HookEntry]]
    """(environ, command, seen_version) to the hook entry of each event that the agent supports."""
    probe_event: str
    """An event that creates a session: `acd install` runs the hook with it once, as a self-test."""
    update: str = ""
    """How to update a program that supports none of the events: "update it …"."""
    moved: Callable[[bytes | None, bytes | None], str | None] | None = None
    """(settings before, after) to what the edit means for other hooks in it, if anything."""
    trust: Trust | None = None
    status_line: StatusLine | None = None
    clients: Callable[[Environ, str | None], Iterator[Finding]] | None = None
    """(environ, seen_version) to findings about its programs; `acd install` prints problems."""
    checks: Callable[[Environ, str | None, Path], Iterator[Finding]] | None = None
    """(environ, seen_version, project directory) to further findings for `acd doctor`."""

    def is_here(self, environ: Environ) -> bool:
        """Returns whether the user has the agent: its configuration directory or its program."""
        found = self.settings(environ).parent.is_dir()
        return found or programs.which(self.program, environ) is not None
