"""Whether a socket that a hint names leads to a terminal of the user's own.

A hint is text of whoever sent the HOOK line. The client of a terminal, once connected, does
what the server asks: tmux's opens files for it, to read and to write (measured on tmux 3.3a,
`command-alias` with `save-buffer`). So a socket is given to a client only if the user, or
root, alone decides who listens there, and a process of the user with the terminal's name does.

The checks are for other users' sockets and for the user's sockets of other programs. A process
of the user's own can take any name: the user is trusted (docs/security.md).
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

SECONDS: Final = 1.0
"""For a connection. The kernel makes it at once where the server's queue has room."""

_NAME_LENGTH: Final = 15
"""Characters of a process's name that Linux keeps: TASK_COMM_LEN in proc_pid_comm(5)."""


class Terminal(NamedTuple):
    """A terminal that takes commands on a socket."""

    name: str
    """As its manual spells it."""
    processes: tuple[str, ...]
    """What the process that listens is called."""


TMUX: Final = Terminal("tmux", ("tmux: server", "tmux"))
KITTY: Final = Terminal("kitty", ("kitty",))
WEZTERM: Final = Terminal("WezTerm", ("wezterm-gui", "wezterm-mux-server"))


def own_socket(path: str, terminal: Terminal, *, pid: int | None = None) -> str:
    """The path with its symbolic links resolved, if this terminal of the user's listens there.

    With `pid` it must be this process. Connects, and closes the connection unused. Raises
    AcdError, which says what is wrong.
    """
    resolved = _own_place(path, terminal.name)
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


def own_abstract_socket(name: str, terminal: Terminal) -> None:
    """Likewise for a socket in Linux's abstract namespace (unix(7)), by its name without "@".

    Such a socket has no file and no owner, and anybody may take a name that is free: who
    listens is the only proof. The terminal's client connects anew, and another user could take
    the name in between only if the terminal ended in that moment. Raises AcdError.
    """
    shown = f"@{name}"
    if not name or not _is_name(name):
        raise _refused(terminal.name, shown, "its name is empty or has unprintable characters")
    _check_listener(f"\0{name}", shown, terminal, None)


def own_directory(path: str, terminal: str) -> str:
    """The path with its symbolic links resolved, of a directory of sockets that nobody else writes.

    Raises AcdError, which says what is wrong.
    """
    resolved = _own_place(path, terminal)
    _check_directory(resolved, {os.getuid()}, terminal, path, sticky=False)
    return resolved


def _own_place(path: str, terminal: str) -> str:
    """The path with its symbolic links resolved, if nobody else can replace a directory above it.

    From the root down, each directory must belong to the user or to root, and be written by
    nobody else. One with the sticky bit, such as /tmp, may be open to all: there only the owner
    of an entry, who is checked next, can rename or remove it. What has been checked can thus not
    be changed by others while the rest is checked, nor until the client connects.
    """
    if not _is_name(path):
        raise _refused(terminal, path, "its path has unprintable characters")
    if not path.startswith("/"):
        raise _refused(terminal, path, "its path is not absolute")
    resolved = os.path.realpath(path)
    # The owner of / is root. acd-notify.service runs in a user namespace that shows root as
    # nobody (PrivateUsers=, systemd.exec(5)), as it does all other users: there only the
    # directories' modes, the socket's owner and who listens tell other users from root.
    owners = {os.getuid(), Path("/").lstat().st_uid}
    for directory in reversed(PurePath(resolved).parents):
        _check_directory(str(directory), owners, terminal, path)
    return resolved


def _is_name(text: str) -> bool:
    """Whether it is printable, and the system's encoding has all its characters."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return text.isprintable()


def _check_directory(
    directory: str, owners: set[int], terminal: str, path: str, *, sticky: bool = True
) -> None:
    """Raises AcdError unless an owner alone writes it, or, with `sticky`, it has the sticky bit."""
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


def _check_listener(address: str, shown: str, terminal: Terminal, pid: int | None) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(SECONDS)
        try:
            sock.connect(address)
            owner, process = peers.uid_of(sock), peers.pid_of(sock)
        except ConnectionRefusedError:
            raise _gone(terminal.name, shown) from None
        except OSError as error:
            # A path that is too long has no errno.
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


def _kernel_names(terminal: Terminal) -> set[str]:
    """The terminal's processes as the kernel names them; Nix wraps PROGRAM as .PROGRAM-wrapped."""
    names = (*terminal.processes, *(f".{each}-wrapped" for each in terminal.processes))
    return {each[:_NAME_LENGTH] for each in names}


def _process_name(pid: int) -> str:
    """The process's name, cut as the kernel cuts it; empty where there is none."""
    if sys.platform == "darwin":
        from acd.system.libproc import bsd_info  # ctypes, and not on Linux

        info = bsd_info(pid)
        return info.name[:_NAME_LENGTH] if info else ""
    # /proc/PID/exe tells more, but not to acd-notify.service: ptrace(2) rules guard it, and
    # they let nobody look out of a user namespace.
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").rstrip("\n")
    except OSError:
        return ""


def _refused(terminal: str, path: str, why: str, hint: str | None = None) -> AcdError:
    return AcdError(f"its {terminal} socket {printable(path)} is not used: {why}", hint=hint)


def _gone(terminal: str, path: str) -> AcdError:
    return AcdError(f"its {terminal} has ended: nobody listens on {printable(path)}")
