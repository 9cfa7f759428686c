"""Selects the variables that other programs and the daemon get: allow lists.

The user's environment holds keys and tokens. A program that acd runs for its own purposes
(a terminal's client, systemctl, an agent's --version) gets the variables that are listed here
and those that the caller adds. docs/security.md lists the programs that get all variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_BASE: Final = frozenset({"HOME", "PATH", "USER", "LOGNAME", "LANG", "TMPDIR"})

_FOR_PROGRAMS: Final = _BASE | {
    "XDG_RUNTIME_DIR",
    # systemctl --user
    "DBUS_SESSION_BUS_ADDRESS",
    # `wezterm cli` derives the name of the default socket from these.
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
}

_FOR_DAEMON: Final = _BASE | {"ACD_SOCKET"}


def minimal(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of `environ` that a program may get, and LC_*."""
    return _selected(environ, _FOR_PROGRAMS, ("LC_",))


def for_daemon(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a daemon needs, XDG_* and LC_* included (as in the hook)."""
    return _selected(environ, _FOR_DAEMON, ("LC_", "XDG_"))


def without_socket(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without ACD_SOCKET, as for the service, which uses the default path."""
    return {name: value for name, value in environ.items() if name != "ACD_SOCKET"}


def socket_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of `environ` that determine the path of the daemon's socket."""
    return _selected(environ, frozenset({"ACD_SOCKET"}), ("XDG_",))


def _selected(
    environ: Mapping[str, str], names: frozenset[str], prefixes: tuple[str, ...]
) -> dict[str, str]:
    return {
        name: value for name, value in environ.items() if name in names or name.startswith(prefixes)
    }
