"""The interface of a component, one part of an installation, its plans and its report."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from acd.agents.installer import Step

Condition = Literal["current", "stale", "untrusted", "missing", "foreign", "unknown"]
"""`untrusted`: the agent does not run it yet; `foreign`: another program's stands in its place."""


@dataclass
class Plan:
    """Steps in their order, and notes for the user."""

    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    service_starts: bool = False
    """Whether a service manager starts the daemon."""

    def add(self, other: Plan) -> None:
        """Appends another plan."""
        self.steps += other.steps
        self.notes += other.notes
        self.service_starts |= other.service_starts


@dataclass(frozen=True)
class ComponentReport:
    """What inspection found of a component."""

    state: Condition
    where: Path
    reasons: tuple[str, ...] = ()
    """Why it is not current, each a short sentence; the last may be why it works nevertheless."""


class Component(Protocol):
    """A part of an installation. It is made for one user's environment."""

    def plan(self) -> Plan:
        """Returns what installs it or brings it up to date. Raises AcdError."""

    def inspect(self) -> ComponentReport:
        """Returns its state. Changes nothing, and raises nothing."""

    def remove(self) -> Plan:
        """Returns what removes all of it that exists. Raises AcdError."""
