"""Ends and queries a running daemon, for the installer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from acd import paths
from acd.client import control
from acd.errors import AcdError
from acd.system import activation


def stop_daemon(environ: Mapping[str, str]) -> bool:
    """Ends the daemon that serves the socket, in order. Returns whether there was one.

    Raises AcdError when it does not end.
    """
    if not activation.is_served(paths.socket_path(environ)):
        return False
    control.stop(environ)
    return True


def seen_versions(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Returns the newest version of each agent's program that the daemon has seen in use.

    They are INFO's `clients`; empty if no daemon runs or it does not reply. Starts
    no daemon, and raises nothing.
    """
    try:
        info = control.info(environ) or {}
    except AcdError:
        return {}  # doctor and status report it
    seen = info.get("clients", {})
    return {agent: version for agent, version in seen.items() if isinstance(version, str)}


@dataclass(frozen=True)
class EndDaemon:
    """Ends a daemon that no service manager restarts; the next request starts this version."""

    environ: Mapping[str, str]

    def describe(self) -> str:
        return f"end the daemon at {paths.socket_path(self.environ)}, in order, if one runs"

    def execute(self) -> str | None:
        return "The running daemon has ended." if stop_daemon(self.environ) else None
