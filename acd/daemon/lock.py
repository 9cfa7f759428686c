"""One daemon at a time owns a state, and the next one takes it over.

Responsible for the lock that a daemon holds for its life, and for asking a
former one to end. It refuses to know what the state is.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
from pathlib import Path

from acd import paths
from acd.errors import UnsafeSocket
from acd.system import runtime_dir

log = logging.getLogger("acd")


def hold_state(socket_path: Path) -> int:
    """Makes this process the owner of the state, once any former owner has ended.

    A former one that still runs is asked to end: its socket has gone over to
    us, so nobody could reach it any more. Returns the descriptor that holds
    the lock. Raises UnsafeSocket.
    """
    path = paths.daemon_lock_path(socket_path)
    try:
        fd = runtime_dir.open_file(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise UnsafeSocket(f"cannot open {path}: {error.strerror}") from None
    while not _try_lock(fd, fcntl.LOCK_EX):
        if _try_lock(fd, fcntl.LOCK_SH):
            # Nobody but one who looks whether there is a daemon, for a moment;
            # what the file says is no daemon's pid any more.
            continue
        former = os.pread(fd, 20, 0).partition(b"\n")[0]
        log.info("waiting for the former daemon to end")
        if former.isdigit():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(former), signal.SIGTERM)
        fcntl.flock(fd, fcntl.LOCK_EX)
        break
    line = f"{os.getpid()}\n".encode()
    # On a full disk there is still the room of the line before; without any, the
    # next daemon cannot ask this one to end, and waits until it does.
    with contextlib.suppress(OSError):
        os.pwrite(fd, line, 0)
        os.ftruncate(fd, len(line))
    return fd


def _try_lock(fd: int, kind: int) -> bool:
    """Takes the lock (flock(2)), exclusive or shared, if that can be done at once."""
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
