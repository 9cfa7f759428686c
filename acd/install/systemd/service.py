"""acd's units in the user's systemd: planned, inspected and removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from acd import paths
from acd.agents.installer import Step
from acd.errors import AcdError
from acd.findings import Finding
from acd.install import diagnosis
from acd.install.component import Condition, Plan
from acd.install.program import program_python
from acd.install.service_manager import NotifierReport, ServiceReport
from acd.install.steps import RemoveFiles, WriteFile, existing
from acd.install.systemd import sandbox
from acd.install.systemd.manager import UserManager
from acd.install.systemd.sandbox import Sandbox
from acd.install.systemd.steps import HandOver, Restart, StopUnits, Systemctl
from acd.install.systemd.units import (
    NOTIFY,
    SERVICE,
    SOCKET,
    NotStartable,
    is_current,
    rendered,
    strongest_sandbox,
)

_START_NOTIFIER = "journalctl --user -u acd-notify shows why; systemctl --user start acd-notify"
_WHAT = {SOCKET: "holds the socket", SERVICE: "the daemon", NOTIFY: "notifications"}


class SystemdService:
    """The units of the service. Implements ServiceManager."""

    daemon_log = "journalctl --user -u acd"

    def __init__(self, environ: Mapping[str, str], manager: UserManager):
        self.directory = paths.systemd_unit_dir(environ)
        self._socket_path = paths.socket_path(environ)
        self._environ = environ
        self._manager = manager
        self._notifier_link = self.directory / f"{SERVICE}.wants" / NOTIFY
        """By it SERVICE starts NOTIFY."""

    @property
    def has_notifier(self) -> bool:
        return (self.directory / NOTIFY).exists()

    @property
    def serves_another_home(self) -> bool:
        manager = self._manager
        return manager.answers and not manager.reads(self.directory) and manager.is_active(SOCKET)

    # --- Plan -----------------------------------------------------------------

    def plan(self, *, notify: bool) -> Plan:
        """Without a sandbox level that starts it plans no service: the unit would not start
        either without a sandbox, and hooks start the same daemon."""
        if not self._manager.reads(self.directory):
            raise AcdError(
                f"your systemd does not read units from {self.directory}",
                hint="it has another HOME or XDG_CONFIG_HOME: set the same here,"
                " or use --no-service",
            )
        plan = Plan(service_starts=True)
        sandboxes: dict[str, Sandbox] = {}
        for unit in (SERVICE, NOTIFY) if notify else (SERVICE,):
            try:
                found = strongest_sandbox(self._manager, unit, program_python())
            except NotStartable as error:
                if unit == SERVICE:
                    note = f"{error.message}, so the first hook starts the daemon."
                    return Plan(self.remove(), [note])
                plan.notes.append(f"{error.message}; have your session start: acd notify")
                continue
            sandboxes[unit] = found
            if found.why:
                plan.notes.append(f"{unit} has the sandbox level {found}")
        plan.steps += self.install_steps(sandboxes)
        return plan

    def install_steps(self, sandboxes: Mapping[str, Sandbox]) -> list[Step]:
        """Returns what installs SOCKET, SERVICE, and NOTIFY if `sandboxes` has a level for it."""
        manager, python = self._manager, program_python()
        units = (SOCKET, SERVICE, NOTIFY) if NOTIFY in sandboxes else (SOCKET, SERVICE)
        files = [
            WriteFile(self.directory / name, rendered(name, python, sandboxes.get(name)), what)
            for name, what in _WHAT.items()
            if name in units
        ]
        written = [step for step in files if step.is_needed()]
        steps: list[Step] = [*written]
        if NOTIFY not in units:
            steps += self._remove_notifier(stop=True)
        socket = manager.properties(SOCKET)
        if steps or any(
            manager.properties(name).get("NeedDaemonReload") == "yes" for name in units
        ):
            steps.append(Systemctl(manager, ("daemon-reload",)))
        if socket.get("UnitFileState") != "enabled":
            steps.append(Systemctl(manager, ("enable", SOCKET)))
        if NOTIFY in units and not self._notifier_link.is_symlink():
            # Before the restart of SERVICE, which starts NOTIFY.
            steps.append(Systemctl(manager, ("enable", NOTIFY)))
        is_held = socket.get("ActiveState") == "active" and self._socket_path.is_socket()
        if not is_held or any(step.path.name == SOCKET for step in written):
            steps.append(HandOver(self._environ, manager))
        elif manager.is_active(SERVICE):
            steps.append(Restart(manager))
        return steps

    # --- Inspect --------------------------------------------------------------

    def inspect(self) -> ServiceReport:
        manager, directory = self._manager, self.directory
        levels = {unit: str(found) for unit, found in self._sandboxes().items()}
        socket: Mapping[str, str] = {}
        state: Condition = "unknown"
        reasons: tuple[str, ...] = ("systemd does not read it",)
        if manager.reads(directory):
            socket = manager.properties(SOCKET)
            state, reasons = self._inspect_units(socket)
        listening = socket.get("ActiveState") == "active"
        return ServiceReport(
            state, directory, reasons, manager="systemd", listening=listening, sandboxes=levels
        )

    def _inspect_units(self, socket: Mapping[str, str]) -> tuple[Condition, tuple[str, ...]]:
        """Returns state and reasons; `socket` holds the properties of SOCKET."""
        units = [self.directory / name for name in (SOCKET, SERVICE)]
        if not all(unit.is_file() for unit in units):
            return "missing", ("no units of acd in it",)
        reasons = [*self._differences(units)]
        if socket.get("UnitFileState") != "enabled":
            reasons.append(f"{SOCKET} is not enabled")
        if socket.get("Result") == "service-start-limit-hit":
            reasons.append(
                f"{SOCKET} has failed, because {SERVICE} did not start: {self.daemon_log} shows why"
            )
        elif (state := socket.get("ActiveState", "not known to systemd")) != "active":
            reasons.append(f"{SOCKET} is {state}")
        return "stale" if reasons else "current", tuple(reasons)

    def inspect_notifier(self) -> NotifierReport | None:
        manager, unit = self._manager, self.directory / NOTIFY
        if not (self.directory / SERVICE).is_file() or not manager.reads(self.directory):
            return None
        state: Condition = "missing"
        reasons = [f"{NOTIFY} is not installed"]
        properties: Mapping[str, str] = {}
        if unit.is_file():
            properties = manager.properties(NOTIFY)
            reasons = [*self._differences([unit])]
            if properties.get("UnitFileState") != "enabled":
                reasons.append(f"{NOTIFY} is not enabled")
            state = "stale" if reasons else "current"
        return NotifierReport(
            state,
            unit,
            tuple(reasons),
            active_state=properties.get("ActiveState", ""),
            daemon_runs=manager.is_active(SERVICE),
            remedy=_START_NOTIFIER,
        )

    def check_sandboxes(self) -> Iterator[Finding]:
        for unit, installed in self._sandboxes().items():
            levels = (installed.level, installed.why)
            try:
                found = strongest_sandbox(self._manager, unit, program_python())
            except NotStartable as error:
                yield diagnosis.check_sandbox(unit, levels, None, error.message)
            except AcdError as error:
                yield Finding("sandbox", "problem", error.message, error.hint)
            else:
                yield diagnosis.check_sandbox(unit, levels, (found.level, found.why))

    def _differences(self, units: list[Path]) -> Iterator[str]:
        """Yields units that are not this version's, and then those that systemd has not read."""
        for unit in units:
            if not is_current(unit, program_python()):
                yield f"{unit.name} is not this version's"
        for unit in units:
            properties = self._manager.properties(unit.name)
            fragment = properties.get("FragmentPath")
            if fragment and Path(fragment).resolve() != unit.resolve():
                yield f"systemd uses {fragment} instead of {unit}"
            elif properties.get("NeedDaemonReload") == "yes":
                yield f"{unit.name} has changed since systemd read it"

    def _sandboxes(self) -> dict[str, Sandbox]:
        """Returns the level of each installed service, by the unit's name."""
        return {
            unit.name: sandbox.read_level(unit.read_text("utf-8", "replace"))
            for unit in (self.directory / SERVICE, self.directory / NOTIFY)
            if unit.is_file()
        }

    # --- Remove ---------------------------------------------------------------

    def remove(self) -> list[Step]:
        """Returns what removes the units, with or without a manager that answers."""
        manager = self._manager
        link = self.directory / "sockets.target.wants" / SOCKET
        found = existing(self.directory / SOCKET, self.directory / SERVICE, link)
        # Units that it reads from elsewhere are another home's.
        has_them = manager.answers and manager.reads(self.directory)
        steps: list[Step] = [*self._remove_notifier(stop=has_them)]
        if has_them and (found or any(map(manager.is_active, (SOCKET, SERVICE)))):
            steps.append(StopUnits(manager))
        if found:
            steps.append(RemoveFiles(found, "the systemd units", (link.parent,)))
        if steps and has_them:
            steps.append(Systemctl(manager, ("daemon-reload",)))
            reset = ("reset-failed", SOCKET, SERVICE, NOTIFY)
            steps.append(Systemctl(manager, reset, tolerant=True))
        return steps

    def _remove_notifier(self, *, stop: bool) -> Iterator[Step]:
        """Yields what removes the notifier's unit, if it exists; `stop` stops it before."""
        link = self._notifier_link
        if found := existing(self.directory / NOTIFY, link):
            if stop:
                yield Systemctl(self._manager, ("stop", NOTIFY), tolerant=True)
            yield RemoveFiles(found, "the unit of the notifications", (link.parent,))
