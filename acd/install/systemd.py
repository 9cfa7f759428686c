"""acd's units in the user's systemd.

Responsible for asking the user's service manager, and for the steps that put
the units in, hand the socket over to it, and take both out again. It refuses
to know what a unit says (packaging/systemd).
"""

from __future__ import annotations

import functools
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acd import paths
from acd.agents.installer import Step
from acd.errors import AcdError
from acd.install import sandbox
from acd.install.daemon import stop_daemon
from acd.install.resources import resource
from acd.install.sandbox import LEVELS, Sandbox
from acd.install.steps import Remove, WriteFile
from acd.system import activation, programs, runtime_dir
from acd.system.environment import minimal

SOCKET: Final = "acd.socket"
SERVICE: Final = "acd.service"
NOTIFY: Final = "acd-notify.service"
"""Notifications, where they are configured; it comes and goes with the service."""
_SECONDS: Final = 60.0
"""For one call; the longest is a stop, after which a daemon that hangs is killed."""
_TRIAL_SECONDS: Final = 20
"""For a trial, which takes a tenth of a second; less than a call may take."""
_IMPORTED: Final = {SERVICE: "acd.daemon.daemon", NOTIFY: "acd.notify.notifier"}
"""What a trial of a unit loads: the unit's program, with its compiled modules."""
_PROPERTIES: Final = (
    *("ActiveState", "Result", "ExecMainCode", "ExecMainStatus"),
    *("UnitFileState", "FragmentPath", "NeedDaemonReload"),
)


class NotStartable(AcdError):
    """The manager starts a unit at no level of its sandbox."""


class UserManager:
    """The service manager of this user, by systemctl(1)."""

    def __init__(self, environ: Mapping[str, str]):
        self.runtime = environ.get("XDG_RUNTIME_DIR") or str(
            paths.socket_path(environ).parent.parent
        )
        self._environ = minimal(environ) | {"XDG_RUNTIME_DIR": self.runtime}

    @functools.cached_property
    def answers(self) -> bool:
        """Whether there is one. A degraded one is one: some other unit has failed."""
        if programs.which("systemctl", self._environ) is None:
            return False
        answer = self._ask("show-environment", seconds=10)
        return answer is not None and answer.status == 0

    def reads(self, directory: Path) -> bool:
        """Whether units in that directory are its units: it need not know this XDG_CONFIG_HOME."""
        answer = self._ask("show", "--property=UnitPath", "--value", seconds=_SECONDS)
        places = shlex.split(answer.output) if answer is not None else []
        return any(Path(place).resolve() == directory.resolve() for place in places)

    def properties(self, unit: str) -> dict[str, str]:
        """What it knows of a unit: _PROPERTIES."""
        answer = self._ask("show", unit, f"--property={','.join(_PROPERTIES)}", seconds=_SECONDS)
        lines = answer.output.splitlines() if answer is not None and answer.status == 0 else []
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def is_active(self, unit: str) -> bool:
        """Whether it runs, or listens."""
        return self.properties(unit).get("ActiveState") in {"active", "reloading", "activating"}

    def do(self, *arguments: str, tolerant: bool = False) -> None:
        """Has it done. Raises AcdError with systemd's words, unless tolerant."""
        answer = self._ask(*arguments, seconds=_SECONDS)
        if tolerant or (answer is not None and answer.status == 0):
            return
        words = "it did not answer" if answer is None else answer.errors.strip()
        raise AcdError(
            f"systemctl --user {' '.join(arguments)} failed: {words}",
            hint="see journalctl --user -u acd, or do without it: acd install --no-service",
        )

    def failure(self, command: list[str], settings: list[str]) -> str | None:
        """Why a service with these settings does not start or does not succeed; None if it does.

        The service is transient: it is gone when this returns. A setting that
        this systemd does not know is left out, as it would ignore it in a unit
        file. Raises AcdError when systemd-run(1) cannot try it.
        """
        unit = f"acd-trial-{os.getpid()}.service"
        while True:
            # oneshot: the start job ends with the process. --wait would need a session bus.
            words = ["systemd-run", "--user", "--quiet", f"--unit={unit}"]
            words += ["--service-type=oneshot", f"--property=TimeoutStartSec={_TRIAL_SECONDS}"]
            words += [f"--property={setting}" for setting in settings]
            answer = programs.run([*words, "--", *command], environ=self._environ, timeout=_SECONDS)
            if answer is not None and answer.status == 0:
                return None
            found = self.properties(unit)
            self.do("reset-failed", unit, tolerant=True)
            if found.get("ActiveState") == "failed":
                return sandbox.failure(
                    found["Result"], found["ExecMainCode"], found["ExecMainStatus"]
                )
            said = "it did not answer" if answer is None else answer.errors.strip()
            unknown = re.match(r"Unknown assignment: (.*)", said)
            if unknown is None or unknown[1] not in settings:
                raise AcdError(
                    f"systemd-run --user failed: {said}",
                    hint="do without the service: acd install --no-service",
                )
            settings = [setting for setting in settings if setting != unknown[1]]

    def _ask(self, *arguments: str, seconds: float) -> programs.Completed | None:
        argv = ["systemctl", "--user", "--no-pager", *arguments]
        return programs.run(argv, environ=self._environ, timeout=seconds)


def rendered(name: str, python: Path, at: Sandbox | None = None) -> bytes:
    """A unit as it is installed: the template with the program's interpreter, at that level."""
    text = sandbox.rendered(template(name), at or Sandbox())
    return text.replace("@PYTHON@", quoted(python)).encode()


def is_current(unit: Path, python: Path) -> bool:
    """Whether the file is what this version installs at the level that the file has."""
    content = unit.read_bytes()
    return content == rendered(unit.name, python, sandbox.read(content.decode(errors="replace")))


def installed_sandboxes(environ: Mapping[str, str]) -> dict[str, Sandbox]:
    """The level of each service that is installed, by the unit's name."""
    units = [paths.systemd_unit_dir(environ) / name for name in (SERVICE, NOTIFY)]
    return {
        unit.name: sandbox.read(unit.read_text("utf-8", "replace"))
        for unit in units
        if unit.is_file()
    }


def strongest_sandbox(manager: UserManager, name: str, python: Path) -> Sandbox:
    """The strongest level at which the manager starts that unit's program now.

    Raises NotStartable, and AcdError when it cannot be tried or the path cannot
    stand in a unit.
    """
    quoted(python)  # a path that a unit cannot hold is refused in its own words
    command = [str(python), "-I", "-c", f"import {_IMPORTED[name]}"]
    failures: list[str] = []
    for level in LEVELS:
        settings = sandbox.settings(template(name), level)
        # systemd-run takes no specifiers.
        resolved = [line.replace("%t", manager.runtime) for line in settings]
        failure = manager.failure(command, resolved)
        if failure is None:
            return Sandbox(level, "; ".join(failures))
        failures.append(f"{level} does not start here: {failure}")
    raise NotStartable(
        f"systemd starts {name} at no level of its sandbox ({'; '.join(failures)})",
        hint="do without the service: acd install --no-service",
    )


def template(name: str) -> str:
    """A unit as it is packaged, with the sandbox of all levels."""
    return resource(f"packaging/systemd/{name}").read_text("utf-8")


def quoted(program: Path) -> str:
    """A program's path as the first words of ExecStart= (systemd.service(5), COMMAND LINES).

    Raises AcdError for a path that a unit file cannot hold.
    """
    text = str(program)
    # systemd takes a program's name with none of these, however it is quoted
    # (measured on 252); as an argument it takes any.
    by_env = any(character in text for character in "'\"\\")
    if not text.isprintable() or (by_env and "=" in text):
        raise AcdError(
            f"the path {text!a} cannot stand in a unit file",
            hint="install under another path (XDG_DATA_HOME), or with --no-service",
        )
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    if by_env:
        return f'/usr/bin/env "{escaped.replace("$", "$$")}"'
    return f'"{escaped}"' if " " in text else escaped


def need_unit_directory(environ: Mapping[str, str], manager: UserManager) -> None:
    """Raises AcdError where the manager does not read the user's units."""
    directory = paths.systemd_unit_dir(environ)
    if not manager.reads(directory):
        raise AcdError(
            f"your systemd does not read units from {directory}",
            hint="it has another HOME or XDG_CONFIG_HOME: set the same here, or use --no-service",
        )


def install_steps(
    environ: Mapping[str, str],
    manager: UserManager,
    python: Path,
    sandboxes: Mapping[str, Sandbox],
) -> list[Step]:
    """What makes the manager hold the socket and start this program.

    `sandboxes` has the level of SERVICE, and of NOTIFY where notifications are wanted.
    """
    notify = NOTIFY in sandboxes
    directory = paths.systemd_unit_dir(environ)
    wanted = {SOCKET: "holds the socket", SERVICE: "the daemon"}
    if notify:
        wanted[NOTIFY] = "notifications"

    def content(name: str) -> bytes:
        return rendered(name, python, sandboxes.get(name))

    written = [
        step
        for name, what in wanted.items()
        if (step := _write_if_other(directory / name, content(name), what)) is not None
    ]
    steps: list[Step] = [*written]
    if not notify:
        steps += _without_notifications(directory, manager)
    socket = manager.properties(SOCKET)
    if steps or any(manager.properties(name).get("NeedDaemonReload") == "yes" for name in wanted):
        steps.append(Systemctl(manager, ("daemon-reload",)))
    if socket.get("UnitFileState") != "enabled":
        steps.append(Systemctl(manager, ("enable", SOCKET)))
    if notify and not _wants_notifications(directory).is_symlink():
        # Before the service is started anew: it brings this one.
        steps.append(Systemctl(manager, ("enable", NOTIFY)))
    holds_it = socket.get("ActiveState") == "active" and paths.socket_path(environ).is_socket()
    if not holds_it or any(step.path.name == SOCKET for step in written):
        steps.append(HandOver(environ, manager))
    elif manager.is_active(SERVICE):
        steps.append(Restart(manager))
    return steps


def has_notifications(environ: Mapping[str, str]) -> bool:
    """Whether their unit is installed."""
    return (paths.systemd_unit_dir(environ) / NOTIFY).exists()


def _wants_notifications(directory: Path) -> Path:
    """The link by which the service brings the notifications."""
    return directory / f"{SERVICE}.wants" / NOTIFY


def _without_notifications(directory: Path, manager: UserManager | None) -> Iterator[Step]:
    """What takes the notifications' unit out, where there is one; `manager` knows it."""
    unit, link = directory / NOTIFY, _wants_notifications(directory)
    if there := tuple(path for path in (unit, link) if path.exists() or path.is_symlink()):
        if manager is not None:
            yield Systemctl(manager, ("stop", NOTIFY), tolerant=True)
        yield Remove(there, "the unit of the notifications", link.parent)


def _write_if_other(path: Path, content: bytes, what: str) -> WriteFile | None:
    if path.is_file() and path.read_bytes() == content:
        return None
    return WriteFile(path, content, what)


def uninstall_steps(environ: Mapping[str, str], manager: UserManager) -> list[Step]:
    """What takes the units out, with or without a manager that answers."""
    directory = paths.systemd_unit_dir(environ)
    link = directory / "sockets.target.wants" / SOCKET
    there = tuple(
        path
        for path in (directory / SOCKET, directory / SERVICE, link)
        if path.exists() or path.is_symlink()
    )
    # Units that it reads from elsewhere are another home's.
    has_them = manager.answers and manager.reads(directory)
    steps: list[Step] = [*_without_notifications(directory, manager if has_them else None)]
    if has_them and (there or any(map(manager.is_active, (SOCKET, SERVICE)))):
        steps.append(StopUnits(manager))
    if there:
        steps.append(Remove(there, "the systemd units", link.parent))
    if steps and has_them:
        steps.append(Systemctl(manager, ("daemon-reload",)))
        steps.append(Systemctl(manager, ("reset-failed", SOCKET, SERVICE, NOTIFY), tolerant=True))
    return steps


def serves_another_home(environ: Mapping[str, str], manager: UserManager) -> bool:
    """Whether the socket at this user's usual path belongs to units from elsewhere."""
    return (
        manager.answers
        and not manager.reads(paths.systemd_unit_dir(environ))
        and manager.is_active(SOCKET)
    )


@dataclass(frozen=True)
class Systemctl:
    """One command to the manager."""

    manager: UserManager
    arguments: tuple[str, ...]
    tolerant: bool = False
    """Whether it may fail: what it is to undo may not be there."""

    def describe(self) -> str:
        return f"run systemctl --user {' '.join(self.arguments)}"

    def execute(self) -> None:
        self.manager.do(*self.arguments, tolerant=self.tolerant)


@dataclass(frozen=True)
class HandOver:
    """The socket, from a daemon that a hook started, from a former unit or from nobody, to systemd.

    Under the lock that hooks take before they bind, so that none of them
    starts a daemon of its own in between.
    """

    environ: Mapping[str, str]
    manager: UserManager

    def describe(self) -> str:
        return f"start {SOCKET}; a daemon that already serves its path ends first, in order"

    def execute(self) -> str:
        path = paths.socket_path(self.environ)
        runtime_dir.check_directory(path.parent, make=True)
        with activation.bind_lock(path):
            self.manager.do("stop", SOCKET, SERVICE, tolerant=True)
            stop_daemon(self.environ)
            # The limit of starts would else refuse what has just been mended.
            self.manager.do("reset-failed", SOCKET, SERVICE, NOTIFY, tolerant=True)
            self.manager.do("start", SOCKET)
        return f"Service: systemd holds {path}; the first line starts the daemon"


@dataclass(frozen=True)
class Restart:
    """The running daemon, as this version; the socket stays, and what is sent meanwhile waits."""

    manager: UserManager

    def describe(self) -> str:
        return f"restart {SERVICE}; its socket stays open"

    def execute(self) -> str:
        self.manager.do("reset-failed", SERVICE, NOTIFY, tolerant=True)
        self.manager.do("try-restart", SERVICE)
        return "Service: the running daemon was restarted; its socket stayed open"


@dataclass(frozen=True)
class StopUnits:
    """Both units stopped, the socket first: the service would be started again."""

    manager: UserManager

    def describe(self) -> str:
        return f"run systemctl --user disable --now {SOCKET}, and stop {SERVICE}"

    def execute(self) -> None:
        self.manager.do("disable", "--now", SOCKET, tolerant=True)
        self.manager.do("stop", SOCKET, SERVICE, tolerant=True)
