"""Computes the paths of acd's files from an environment.

It opens and creates nothing; only the owner of /run/user/<uid> is read, because
the socket's path depends on it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

SOCKET_PATH_MAX = 104
"""Bytes in the path of a Unix socket: sun_path on macOS (Linux has 108)."""


def home(environ: Mapping[str, str]) -> Path:
    """The user's home directory: $HOME, else that of the account, else `/`."""
    value = environ.get("HOME", "")
    if value.startswith("/"):
        return Path(value)
    import pwd  # rarely needed

    # Not Path.home(), which uses HOME even if it is relative.
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir or "/")
    except KeyError:
        return Path("/")


def _xdg(environ: Mapping[str, str], name: str, default: str) -> Path:
    # XDG Base Directory Specification: a relative path is invalid and ignored.
    value = environ.get(name, "")
    return Path(value) if value.startswith("/") else home(environ) / default


def socket_path(environ: Mapping[str, str], *, platform: str = sys.platform) -> Path:
    """The daemon's socket: $ACD_SOCKET, else the runtime directory, else /tmp."""
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
    # Others can create this path; runtime_dir refuses a directory of another user.
    return Path(f"/tmp/acd-{uid}/acd.sock")  # noqa: S108


def config_path(environ: Mapping[str, str]) -> Path:
    """The configuration file."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "acd/config.toml"


def data_dir(environ: Mapping[str, str]) -> Path:
    """The directory of the program: venv and hook."""
    return _xdg(environ, "XDG_DATA_HOME", ".local/share") / "acd"


def bin_link(environ: Mapping[str, str]) -> Path:
    """The link to the program in a directory of PATH."""
    return home(environ) / ".local/bin/acd"


def systemd_unit_dir(environ: Mapping[str, str]) -> Path:
    """The directory of the user's own units (systemd.unit(5))."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "systemd/user"


def launchd_agent_dir(environ: Mapping[str, str]) -> Path:
    """The directory of the user's own agents (launchd.plist(5))."""
    return home(environ) / "Library/LaunchAgents"


def journal_path(socket: Path) -> Path:
    """The daemon's state; it is beside the socket, on Linux usually in a tmpfs."""
    return socket.with_name(socket.name + ".journal")


def daemon_lock_path(socket: Path) -> Path:
    """The lock that a daemon holds while it runs; its holder owns the state."""
    return socket.with_name(socket.name + ".daemon")


def bind_lock_path(socket: Path) -> Path:
    """The lock that is held while a socket is bound."""
    return socket.with_name(socket.name + ".lock")


def notified_path(socket: Path) -> Path:
    """The notifications that were shown, so that a restart neither repeats nor misses one."""
    return socket.with_name(socket.name + ".notified")


def presence_path(socket: Path) -> Path:
    """The file that dashboards lock while the user looks at them."""
    return socket.with_name(socket.name + ".presence")


def given_up_path(socket: Path) -> Path:
    """A file with one byte for each event that a hook could not deliver."""
    return socket.with_name(socket.name + ".given-up")
