"""Checks the socket's directory and peer, and opens the files beside the socket.

The directory is opened, checked by its descriptor, and its files are opened
through that descriptor: a path that is checked by name may lead elsewhere when
it is used. Where the directory is to be in /tmp and does not exist yet, any user
can create it.

The imports are few because status bars use this module every few seconds.
"""

from __future__ import annotations

import _socket
import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from acd import paths
from acd.errors import UnsafeSocket
from acd.system import peers
from acd.system.guarded import open_guarded, try_lock

_OPEN_DIRECTORY: Final = (
    # O_PATH (Linux) needs no permission to read it.
    getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
)


def check_length(path: Path) -> None:
    """Raises UnsafeSocket for a path that is too long for a Unix socket (unix(7))."""
    length = len(os.fsencode(path))
    if length > paths.SOCKET_PATH_MAX:
        raise UnsafeSocket(
            f"the socket's path is {length} bytes long, and a Unix socket's path has"
            f" at most {paths.SOCKET_PATH_MAX}: {path}",
            hint="set ACD_SOCKET to a shorter path",
        )


@contextlib.contextmanager
def open_directory(directory: Path, *, make: bool = False) -> Iterator[int]:
    """A descriptor of the socket's directory; `make` creates a missing one.

    Raises UnsafeSocket when it is a link, another user's, or accessible to
    others, and FileNotFoundError where there is none.
    """
    if make:
        _make(directory)
    try:
        fd = os.open(directory, _OPEN_DIRECTORY)
    except FileNotFoundError:
        raise
    except OSError as error:
        # It cannot be opened, so the check by name only improves the message.
        with contextlib.suppress(OSError):
            _check(directory, directory.lstat())
        raise UnsafeSocket(f"cannot open {directory}: {error.strerror}") from None
    try:
        _check(directory, os.fstat(fd))
        yield fd
    finally:
        os.close(fd)


def _make(directory: Path) -> None:
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
    except OSError as error:
        raise UnsafeSocket(f"cannot create {directory}: {error.strerror}") from None


def _check(directory: Path, found: os.stat_result) -> None:
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


def check_directory(directory: Path, *, make: bool = False) -> None:
    """Raises UnsafeSocket as open_directory does; a missing directory is no error."""
    with contextlib.suppress(FileNotFoundError), open_directory(directory, make=make):
        pass


def open_file(path: Path, flags: int) -> int:
    """Opens a file beside the socket, in the checked directory, as open_guarded does.

    Raises UnsafeSocket as open_directory does, and OSError.
    """
    # No check of its owner: no other user can make a file in that directory.
    with open_directory(path.parent) as directory:
        return open_guarded(path.name, flags, dir_fd=directory)


def address(path: Path, directory: int) -> str:
    """An address for connect(2) of the socket in the directory of that descriptor.

    It leads through the descriptor, because the directory may have been
    replaced since it was opened. Without /proc (macOS, a bare chroot) it is the
    path itself, and the check of the peer's user has to suffice.
    """
    own = f"/proc/self/fd/{directory}"
    return f"{own}/{path.name}" if os.path.exists(own) else str(path)  # noqa: PTH110 - no pathlib


def connect(path: Path, seconds: float) -> _socket.socket:
    """Connects to the daemon's socket; the result has a timeout of `seconds`.

    Raises UnsafeSocket where another user serves the socket, or could, and
    OSError.
    """
    check_length(path)
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        with open_directory(path.parent) as directory:
            sock.connect(address(path, directory))
        if (uid := peers.uid_of(sock)) != os.getuid():
            raise UnsafeSocket(
                f"user {uid} serves {path}, and acd connects to your own daemon only",
                hint="set ACD_SOCKET to a path in a directory of yours",
            )
    except BaseException:
        sock.close()
        raise
    return sock


def is_running(path: Path) -> bool:
    """Whether a daemon runs for the socket at `path`: whether the lock on its state is held.

    It does not connect: where a service manager holds the socket, a connection
    would start a daemon. Raises UnsafeSocket.
    """
    return is_held(paths.daemon_lock_path(path))


def is_held(path: Path) -> bool:
    """Whether a process holds an exclusive lock on a file beside the socket (flock(2)).

    Raises UnsafeSocket.
    """
    try:
        fd = open_file(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not try_lock(fd, fcntl.LOCK_SH)
    finally:
        os.close(fd)


def file_id(path: Path) -> tuple[int, int] | None:
    """Device and inode of the file at a path, links not followed; None if it does not exist."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def undelivered_events(path: Path) -> int:
    """How many events hooks could not deliver to the socket at `path` since the last boot."""
    try:
        return paths.given_up_path(path).stat().st_size
    except OSError:
        return 0
