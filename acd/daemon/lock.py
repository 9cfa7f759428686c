"""The lock on the state, which one daemon at a time holds."""

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
from acd.system.guarded import try_lock

log = logging.getLogger("acd")


def acquire(socket_path: Path) -> int:
    """Takes the lock for the life of this process; returns its descriptor.

    A daemon that holds it gets SIGTERM, and its end is awaited: this process has
    its socket by now, so no client can reach it. Raises UnsafeSocket.
    """
    path = paths.daemon_lock_path(socket_path)
    try:
        fd = runtime_dir.open_file(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise UnsafeSocket(f"cannot open {path}: {error.strerror}") from None
    while not try_lock(fd, fcntl.LOCK_EX):
        if try_lock(fd, fcntl.LOCK_SH):
            # Only a process that checks for a daemon held it, for a moment (runtime_dir.is_held):
            # the pid in the file is not that of a running daemon.
            continue
        former = os.pread(fd, 20, 0).partition(b"\n")[0]
        log.info("waiting for the former daemon to end")
        if former.isdigit():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(former), signal.SIGTERM)
        fcntl.flock(fd, fcntl.LOCK_EX)
        break
    line = f"{os.getpid()}\n".encode()
    # On a full disk the former line's block is still there. Without a pid the next
    # daemon cannot signal this one, and waits for its end.
    with contextlib.suppress(OSError):
        os.pwrite(fd, line, 0)
        os.ftruncate(fd, len(line))
    return fd
