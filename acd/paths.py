"""Where acd's files live.

Responsible for turning an environment into paths, by the rules that the
documentation promises. It refuses to create, check or open anything, except
that the runtime directory's owner is asked for (the rule depends on it).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

SOCKET_PATH_MAX = 104
"""Bytes in a Unix socket's path: macOS's sun_path (Linux has 108)."""


def home(environ: Mapping[str, str]) -> Path:
    """The user's home directory: $HOME, else the account's; `/` for an account without one."""
    value = environ.get("HOME", "")
    if value.startswith("/"):
        return Path(value)
    import pwd  # most never need it

    # Not Path.home(), which goes by HOME whatever it says.
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir or "/")
    except KeyError:
        return Path("/")


def _xdg(environ: Mapping[str, str], name: str, default: str) -> Path:
    # XDG Base Directory Specification: a relative path is invalid and ignored.
    value = environ.get(name, "")
    return Path(value) if value.startswith("/") else home(environ) / default


def socket_path(environ: Mapping[str, str], *, platform: str = sys.platform) -> Path:
    """The daemon's socket (the documented order; the first that applies)."""
    if explicit := environ.get("ACD_SOCKET"):
        return Path(explicit)
    if platform == "darwin":
        return home(environ) / "Library/Caches/acd/acd.sock"
    if (runtime := environ.get("XDG_RUNTIME_DIR", "")).startswith("/"):
        return Path(runtime, "acd/acd.sock")
    uid = os.getuid()
    run_user = Path(f"/run/user/{uid}")
    try:
        if run_user.stat().st_uid == uid:
            return run_user / "acd/acd.sock"
    except OSError:
        pass
    # Reachable by others by name; activation refuses a directory that is not ours.
    return Path(f"/tmp/acd-{uid}/acd.sock")  # noqa: S108


def config_path(environ: Mapping[str, str]) -> Path:
    """The configuration file."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "acd/config.toml"


def data_dir(environ: Mapping[str, str]) -> Path:
    """The program's directory: venv and hook."""
    return _xdg(environ, "XDG_DATA_HOME", ".local/share") / "acd"


def bin_link(environ: Mapping[str, str]) -> Path:
    """The link by which a shell finds the program."""
    return home(environ) / ".local/bin/acd"


def systemd_unit_dir(environ: Mapping[str, str]) -> Path:
    """systemd.unit(5): the user's own units."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "systemd/user"


def launchd_agent_dir(environ: Mapping[str, str]) -> Path:
    """launchd.plist(5): the user's own agents."""
    return home(environ) / "Library/LaunchAgents"


def journal_path(socket: Path) -> Path:
    """The daemon's state: beside the socket, so in memory where that is."""
    return socket.with_name(socket.name + ".journal")


def daemon_lock_path(socket: Path) -> Path:
    """Held by the daemon for its life: whoever holds it owns the state."""
    return socket.with_name(socket.name + ".daemon")


def bind_lock_path(socket: Path) -> Path:
    """Held for the moment in which a socket is bound: exactly one binds."""
    return socket.with_name(socket.name + ".lock")


def notified_path(socket: Path) -> Path:
    """What the user was told of: a restart neither repeats nor misses."""
    return socket.with_name(socket.name + ".notified")


def presence_path(socket: Path) -> Path:
    """Held by dashboards while the user is before them."""
    return socket.with_name(socket.name + ".presence")


def given_up_path(socket: Path) -> Path:
    """One byte for each event that a hook could not deliver."""
    return socket.with_name(socket.name + ".given-up")
