"""Checks that a socket which a hint names belongs to a terminal of the user.

A hint is foreign text from a HOOK line. A terminal's client executes requests of the server that
it connects to: tmux's opens files for it, to read and to write (measured on tmux 3.3a,
`command-alias` with `save-buffer`). So a client gets a socket only if nobody but the user and
root can replace it, and if a process of the user with the terminal's name listens on it.

The checks are against other users' sockets and against sockets of other programs. A process of
the user can take any name: the user is trusted (docs/security.md).
"""

from __future__ import annotations

import os
import shlex
import socket
import stat
import sys
from pathlib import Path, PurePath
from typing import Final, NamedTuple

from acd.errors import AcdError
from acd.system import peers
from acd.text import printable

CONNECT_SECONDS: Final = 1.0
"""The time limit of a connection. It is immediate unless the server's queue is full."""

_NAME_LENGTH: Final = 15
"""Bytes of a process's name that Linux keeps: TASK_COMM_LEN in proc_pid_comm(5)."""


class TerminalServer(NamedTuple):
    """A terminal that accepts commands on a socket."""

    name: str
    """The terminal's name, for people."""
    processes: tuple[str, ...]
    """The possible names of the process that listens."""


TMUX: Final = TerminalServer("tmux", ("tmux: server", "tmux"))
KITTY: Final = TerminalServer("kitty", ("kitty",))
WEZTERM: Final = TerminalServer("WezTerm", ("wezterm-gui", "wezterm-mux-server"))


def own_socket(path: str, terminal: TerminalServer, *, pid: int | None = None) -> str:
    """Returns the path with symbolic links resolved, if this terminal of the user listens there.

    With `pid` the listening process must be that one. Connects, and closes the connection
    unused. Raises AcdError with the reason.
    """
    resolved = _safe_path(path, terminal.name)
    try:
        found = os.lstat(resolved)
    except FileNotFoundError:
        raise _gone(terminal.name, path) from None
    except OSError as error:
        raise _refused(terminal.name, path, str(error.strerror)) from None
    if not stat.S_ISSOCK(found.st_mode):
        raise _refused(terminal.name, path, "it is not a socket")
    if found.st_uid != os.getuid():
        raise _refused(terminal.name, path, f"it belongs to user {found.st_uid}, not to you")
    _check_listener(resolved, path, terminal, pid)
    return resolved


def own_abstract_socket(name: str, terminal: TerminalServer) -> None:
    """Checks a socket in Linux's abstract namespace (unix(7)), by its name without "@".

    Such a socket has no file and no owner, and any user may take a free name: only the
    listening process can be checked. The terminal's client connects anew; another user can take
    the name in between only if the terminal ends in that moment. Raises AcdError.
    """
    shown = f"@{name}"
    if not name or not _is_name(name):
        raise _refused(terminal.name, shown, "its name is empty or has unprintable characters")
    _check_listener(f"\0{name}", shown, terminal, None)


def own_directory(path: str, terminal: str) -> str:
    """Returns the resolved path of a directory of sockets that only the user can write.

    Raises AcdError with the reason.
    """
    resolved = _safe_path(path, terminal)
    _check_directory(resolved, {os.getuid()}, terminal, path, sticky=False)
    return resolved


def _safe_path(path: str, terminal: str) -> str:
    """Returns the resolved path, if no other user can replace a directory above it.

    From the root down, each directory must belong to the user or to root, and be writable by
    nobody else. One with the sticky bit, such as /tmp, may be writable by all: there only the
    owner of an entry, who is checked next, can rename or remove it. So other users cannot change
    what has been checked, neither during the check nor until the client connects.
    """
    if not _is_name(path):
        raise _refused(terminal, path, "its path has unprintable characters")
    if not path.startswith("/"):
        raise _refused(terminal, path, "its path is not absolute")
    resolved = os.path.realpath(path)
    # The owner of / is root. acd-notify.service runs in a user namespace that shows root as
    # nobody (PrivateUsers=, systemd.exec(5)), like all other users: there only the directories'
    # modes, the socket's owner and the listening process distinguish other users from root.
    owners = {os.getuid(), Path("/").lstat().st_uid}
    for directory in reversed(PurePath(resolved).parents):
        _check_directory(str(directory), owners, terminal, path)
    return resolved


def _is_name(text: str) -> bool:
    """Whether it is printable and can be encoded in the file system's encoding."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return text.isprintable()


def _check_directory(
    directory: str, owners: set[int], terminal: str, path: str, *, sticky: bool = True
) -> None:
    """Raises AcdError unless only `owners` can write it or, with `sticky`, it has that bit."""
    try:
        found = os.lstat(directory)
    except FileNotFoundError:
        raise _gone(terminal, path) from None
    except OSError as error:
        why = f"{printable(directory)}: {error.strerror}"
        raise _refused(terminal, path, why) from None
    if not stat.S_ISDIR(found.st_mode):
        raise _refused(terminal, path, f"{printable(directory)} is not a directory")
    if found.st_uid not in owners:
        raise _refused(terminal, path, f"{printable(directory)} belongs to user {found.st_uid}")
    is_open = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if is_open and not (sticky and found.st_mode & stat.S_ISVTX):
        hint = f"make it yours alone: chmod go-w {shlex.quote(printable(directory))}"
        raise _refused(terminal, path, f"others can write to {printable(directory)}", hint)


def _check_listener(address: str, shown: str, terminal: TerminalServer, pid: int | None) -> None:
    """Raises AcdError unless this terminal of the user (process `pid`) listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(CONNECT_SECONDS)
        try:
            sock.connect(address)
            owner, process = peers.uid_of(sock), peers.pid_of(sock)
        except ConnectionRefusedError:
            raise _gone(terminal.name, shown) from None
        except OSError as error:
            # The error for a path that is too long has no errno.
            why = error.strerror or str(error)
            raise _refused(terminal.name, shown, f"cannot connect: {why}") from None
    if owner != os.getuid():
        why = f"user {owner} listens there, not you"
        raise _refused(terminal.name, shown, why)
    name = _process_name(process)
    if name not in _kernel_names(terminal):
        who = f"process {process} ({printable(name)})" if name else f"process {process}"
        raise _refused(terminal.name, shown, f"{who} listens there, not {terminal.name}")
    if pid is not None and process != pid:
        raise AcdError(
            f"its {terminal.name} server has ended: another one listens on {printable(shown)}"
        )


def _kernel_names(terminal: TerminalServer) -> set[str]:
    """The terminal's process names, truncated; Nix wraps PROGRAM as .PROGRAM-wrapped."""
    names = (*terminal.processes, *(f".{each}-wrapped" for each in terminal.processes))
    return {each[:_NAME_LENGTH] for each in names}


def _process_name(pid: int) -> str:
    """The process's name, truncated as by the kernel; empty if there is none."""
    if sys.platform == "darwin":
        from acd.system.libproc import bsd_info  # ctypes, and not on Linux

        info = bsd_info(pid)
        return info.name[:_NAME_LENGTH] if info else ""
    # Not /proc/PID/exe: acd-notify.service cannot read it, because the access check of ptrace(2)
    # fails from inside a user namespace.
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").rstrip("\n")
    except OSError:
        return ""


def _refused(terminal: str, path: str, why: str, hint: str | None = None) -> AcdError:
    return AcdError(f"its {terminal} socket {printable(path)} is not used: {why}", hint=hint)


def _gone(terminal: str, path: str) -> AcdError:
    return AcdError(f"its {terminal} has ended: no process listens on {printable(path)}")
