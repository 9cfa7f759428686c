"""The interface of the service managers, and the one for systems where none answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from acd.agents.installer import Step
from acd.findings import Finding
from acd.install.component import ComponentReport, Plan


@dataclass(frozen=True, kw_only=True)
class ServiceReport(ComponentReport):
    """What inspection found of the service."""

    manager: str | None
    """The service manager's name; None where hooks start the daemon."""
    listening: bool = False
    """Whether the manager holds the socket."""
    sandboxes: Mapping[str, str] = field(default_factory=dict)
    """The sandbox level of each installed unit, in words."""


@dataclass(frozen=True, kw_only=True)
class NotifierReport(ComponentReport):
    """What inspection found of the unit that runs `acd notify`."""

    active_state: str
    """As systemctl(1) shows it; empty for a unit that is not installed."""
    daemon_runs: bool
    """Whether the daemon's unit, which starts this one, is active."""
    remedy: str
    """How to find out why the unit does not run, and how to start it."""


class ServiceManager(Protocol):
    """The user's service manager. A method that queries it takes some tens of milliseconds."""

    @property
    def daemon_log(self) -> str | None:
        """The file of the daemon's log, or the command that shows it; None for no manager."""

    @property
    def has_notifier(self) -> bool:
        """Whether the notifier's unit is installed."""

    def plan(self, *, notify: bool) -> Plan:
        """Returns what makes the manager hold the socket and start this program.

        `notify` is whether it also runs `acd notify`. Raises AcdError.
        """

    def inspect(self) -> ServiceReport:
        """Returns the service's state. Raises nothing."""

    def inspect_notifier(self) -> NotifierReport | None:
        """Returns the state of the notifier's unit; None without a service that can start it."""

    def check_sandboxes(self) -> Iterator[Finding]:
        """Yields whether each unit has the strongest sandbox that starts now (0.1 s each)."""

    def remove(self) -> list[Step]:
        """Returns what removes all of it that exists."""

    @property
    def serves_another_home(self) -> bool:
        """Whether the socket at this user's usual path belongs to units of another home."""


class NoManager:
    """No service manager answers: hooks and commands start the daemon."""

    daemon_log = None
    has_notifier = False
    serves_another_home = False

    def __init__(self, where: Path, reason: str, leftovers: list[Step]):
        self._where = where
        self._reason = reason
        self._leftovers = leftovers

    def plan(self, *, notify: bool) -> Plan:
        notes = ["For notifications have your session start: acd notify"] if notify else []
        notes.append("No service manager answers here: the first hook starts the daemon.")
        return Plan(notes=notes)

    def inspect(self) -> ServiceReport:
        reason = f"{self._reason}; hooks start the daemon"
        return ServiceReport("missing", self._where, (reason,), manager=None)

    def inspect_notifier(self) -> None:
        return None

    def check_sandboxes(self) -> Iterator[Finding]:
        return iter(())

    def remove(self) -> list[Step]:
        return self._leftovers
