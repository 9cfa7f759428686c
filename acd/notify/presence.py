"""Whether the user is before a dashboard, told from one process to another.

Responsible for one file beside the socket: dashboards hold its lock while the
user is before them, and its time of modification is that of the last sign of
the user. The kernel lets go of a lock when its process ends, however it ends,
so nothing has to be tidied up after anybody. It refuses to know how a
dashboard notices its user, and what is made of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

from acd import paths
from acd.errors import UnsafeSocket
from acd.system import runtime_dir


class Presence:
    """One dashboard's hold on the file. Where there can be no file, nobody is told."""

    def __init__(self, socket: Path):
        self._socket = socket
        self._fd: int | None = None

    def here(self) -> None:
        """The user is before it, now."""
        with contextlib.suppress(OSError, UnsafeSocket):
            if self._fd is None:
                self._fd = self._open()
            # Shared: there may be other dashboards. Without waiting: somebody
            # may be asking at this moment, and there will be a next sign.
            fcntl.flock(self._fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            os.utime(self._fd)

    def away(self) -> None:
        """The user is not before it any more."""
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _open(self) -> int:
        runtime_dir.check_directory(self._socket.parent, make=True)
        return runtime_dir.open_file(paths.presence_path(self._socket), os.O_RDWR | os.O_CREAT)


def idle(socket: Path) -> float | None:
    """Seconds since the last sign of the user before a dashboard; None if before none."""
    try:
        fd = runtime_dir.open_file(paths.presence_path(socket), os.O_RDONLY)
    except (OSError, UnsafeSocket):
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return max(0.0, time.time() - os.fstat(fd).st_mtime)
    finally:
        os.close(fd)
    return None
