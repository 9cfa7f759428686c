"""The socket's place: whether it is ours alone, and whether a daemon lives there.

Responsible for what can be told of it from the outside, without connecting.
It refuses to know sockets (activation.py), and imports next to nothing: a
status bar asks every few seconds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from pathlib import Path

from acd import paths
from acd.errors import UnsafeSocket


def check_length(path: Path) -> None:
    """Raises UnsafeSocket when the kernel would not take the path (unix(7))."""
    length = len(os.fsencode(path))
    if length > paths.SOCKET_PATH_MAX:
        raise UnsafeSocket(
            f"the socket's path is {length} bytes long, and a Unix socket's path has"
            f" at most {paths.SOCKET_PATH_MAX}: {path}",
            hint="set ACD_SOCKET to a shorter path",
        )


def check_private_directory(directory: Path) -> None:
    """Refuses a directory in which somebody else could serve, or listen to, a socket.

    One that is not there is no problem. Raises UnsafeSocket.
    """
    try:
        found = directory.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnsafeSocket(f"cannot look at {directory}: {error.strerror}") from None
    if stat.S_ISLNK(found.st_mode):
        problem = "it is a symbolic link"
    elif not stat.S_ISDIR(found.st_mode):
        problem = "it is not a directory"
    elif found.st_uid != os.getuid():
        problem = f"it belongs to user {found.st_uid}"
    elif stat.S_IMODE(found.st_mode) & 0o077:
        problem = f"its mode is {stat.S_IMODE(found.st_mode):o}, and others could enter it"
    else:
        return
    raise UnsafeSocket(
        f"{directory} is not a private directory: {problem}",
        hint="make it a directory of yours with mode 700, or set ACD_SOCKET to another place",
    )


def make_private_directory(directory: Path) -> None:
    """Makes the socket's directory, or checks the one that is there.

    Raises UnsafeSocket when it is a link, another user's, or open to others.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
    except OSError as error:
        raise UnsafeSocket(f"cannot make {directory}: {error.strerror}") from None
    check_private_directory(directory)


def is_running(path: Path) -> bool:
    """Whether a daemon lives that serves the path, told without connecting.

    Where a service manager holds the socket, a connection would start one.
    The lock on its state tells, which it holds for its life.
    """
    return is_held(paths.daemon_lock_path(path))


def is_held(path: Path) -> bool:
    """Whether a process holds the lock on a file for itself (flock(2))."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        fd = os.open(path, flags)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
