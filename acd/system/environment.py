"""The environment of the programs that acd runs: an allow list.

The user's environment holds keys and tokens. A program that acd runs for its own purposes
(a terminal's client, systemctl, an agent's --version) gets the variables that are listed here
and those that the caller adds. docs/security.md lists the programs that get all variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PASSED_ON: Final = frozenset(
    {
        "HOME",
        "PATH",
        "USER",
        "LOGNAME",
        "LANG",
        "TMPDIR",
        "XDG_RUNTIME_DIR",
        # systemctl --user
        "DBUS_SESSION_BUS_ADDRESS",
        # `wezterm cli` derives the name of the default socket from these.
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
    }
)


def minimal(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of `environ` that are on the allow list, and LC_*."""
    return {
        name: value
        for name, value in environ.items()
        if name in _PASSED_ON or name.startswith("LC_")
    }


def socket_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of `environ` that determine the path of the daemon's socket."""
    return {
        name: value
        for name, value in environ.items()
        if name == "ACD_SOCKET" or name.startswith("XDG_")
    }
