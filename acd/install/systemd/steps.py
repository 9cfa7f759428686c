"""The steps that change the user's systemd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from acd import paths
from acd.install.daemon import stop_daemon
from acd.install.systemd.manager import UserManager
from acd.install.systemd.units import NOTIFY, SERVICE, SOCKET
from acd.system import activation, runtime_dir


@dataclass(frozen=True)
class Systemctl:
    """Runs one systemctl command."""

    manager: UserManager
    arguments: tuple[str, ...]
    tolerant: bool = False
    """Whether it may fail: the state that it undoes may not exist."""

    def describe(self) -> str:
        return f"run systemctl --user {' '.join(self.arguments)}"

    def execute(self) -> None:
        self.manager.do(*self.arguments, tolerant=self.tolerant)


@dataclass(frozen=True)
class HandOver:
    """Makes systemd hold the socket, which a daemon that a hook started may hold until then.

    It holds the lock that hooks take before they bind, so that none of them
    starts a daemon in between.
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
            # Else the start limit (systemd.unit(5)) refuses a unit that has just been repaired.
            self.manager.do("reset-failed", SOCKET, SERVICE, NOTIFY, tolerant=True)
            self.manager.do("start", SOCKET)
        return f"Service: systemd holds {path}; the daemon starts with the first request"


@dataclass(frozen=True)
class Restart:
    """Restarts a running daemon as this version; requests wait in the socket meanwhile."""

    manager: UserManager

    def describe(self) -> str:
        return f"restart {SERVICE}; its socket stays open"

    def execute(self) -> str:
        self.manager.do("reset-failed", SERVICE, NOTIFY, tolerant=True)
        self.manager.do("try-restart", SERVICE)
        return "Service: the running daemon was restarted; its socket stayed open"


@dataclass(frozen=True)
class StopUnits:
    """Stops both units, the socket first: it would start the service again."""

    manager: UserManager

    def describe(self) -> str:
        return f"run systemctl --user disable --now {SOCKET}, and stop {SERVICE}"

    def execute(self) -> None:
        self.manager.do("disable", "--now", SOCKET, tolerant=True)
        self.manager.do("stop", SOCKET, SERVICE, tolerant=True)
