"""The socket's place: whether it is ours alone, and what is opened and reached in it.

Responsible for the checks without which nothing beside the socket is believed:
the directory, by a descriptor of it, through which everything in it is then
opened; and the user at the other end of a connection. A path that is checked
and used by its name may lead elsewhere by then: where the socket lies in /tmp
and its directory is not there yet, anybody can put one in its place.

It imports next to nothing: a status bar asks every few seconds.
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

_OPEN_DIRECTORY: Final = (
    # O_PATH (Linux) needs no permission to read it.
    getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
)


def check_length(path: Path) -> None:
    """Raises UnsafeSocket when the kernel would not take the path (unix(7))."""
    length = len(os.fsencode(path))
    if length > paths.SOCKET_PATH_MAX:
        raise UnsafeSocket(
            f"the socket's path is {length} bytes long, and a Unix socket's path has"
            f" at most {paths.SOCKET_PATH_MAX}: {path}",
            hint="set ACD_SOCKET to a shorter path",
        )


@contextlib.contextmanager
def open_directory(directory: Path, *, make: bool = False) -> Iterator[int]:
    """A descriptor of the socket's directory, which is ours alone; `make` creates a missing one.

    Raises UnsafeSocket when it is a link, another user's, or open to others,
    FileNotFoundError where there is none.
    """
    if make:
        _make(directory)
    try:
        fd = os.open(directory, _OPEN_DIRECTORY)
    except FileNotFoundError:
        raise
    except OSError as error:
        # Refused already; a look by its name only tells why.
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
        raise UnsafeSocket(f"cannot make {directory}: {error.strerror}") from None


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
    """Raises UnsafeSocket as open_directory does; one that is not there is no problem."""
    with contextlib.suppress(FileNotFoundError), open_directory(directory, make=make):
        pass


def open_file(path: Path, flags: int) -> int:
    """Opens a file beside the socket, in the directory that was checked, and no link.

    Raises UnsafeSocket as open_directory does, OSError.
    """
    with open_directory(path.parent) as directory:
        more = os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(path.name, flags | more, 0o600, dir_fd=directory)


def address(path: Path, directory: int) -> str:
    """What connect(2) takes for the socket in the directory of that descriptor.

    The directory's name may have become another's since it was opened. Where
    there is no /proc (macOS, a bare chroot) it is the path all the same, and
    the peer's user tells.
    """
    own = f"/proc/self/fd/{directory}"
    return f"{own}/{path.name}" if os.path.exists(own) else str(path)  # noqa: PTH110 - no pathlib


def connect(path: Path, seconds: float) -> _socket.socket:
    """Connects to a socket of ours, with `seconds` as its timeout, once both ends are checked.

    Raises UnsafeSocket where anybody else could serve it, or does; OSError.
    """
    check_length(path)
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        with open_directory(path.parent) as directory:
            sock.connect(address(path, directory))
        if (uid := peers.uid_of(sock)) != os.getuid():
            raise UnsafeSocket(
                f"user {uid} serves {path}, and acd talks to your own daemon only",
                hint="set ACD_SOCKET to a path in a directory of yours",
            )
    except BaseException:
        sock.close()
        raise
    return sock


def is_running(path: Path) -> bool:
    """Whether a daemon lives that serves the path, told without connecting.

    Where a service manager holds the socket, a connection would start one.
    The lock on its state tells, which it holds for its life. Raises UnsafeSocket.
    """
    return is_held(paths.daemon_lock_path(path))


def is_held(path: Path) -> bool:
    """Whether a process holds the lock on a file beside the socket for itself (flock(2)).

    Raises UnsafeSocket.
    """
    try:
        fd = open_file(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
