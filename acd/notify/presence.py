"""Whether the user is at a dashboard, shared between processes through one file.

Dashboards hold a shared lock on a file beside the socket while the user is there; its
modification time is that of the user's last activity. The kernel drops the lock when the
process ends (flock(2)), so a killed dashboard leaves nothing to clean up.
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
from acd.system.guarded import try_lock


class Presence:
    """One dashboard's lock on the file. Where the file cannot be opened, nothing happens."""

    def __init__(self, socket: Path):
        self._socket = socket
        self._fd: int | None = None

    def here(self) -> None:
        """Records that the user is at the dashboard now."""
        with contextlib.suppress(OSError, UnsafeSocket):
            if self._fd is None:
                self._fd = self._open()
            # Shared: there may be other dashboards. Not blocking: a process that calls idle()
            # may hold the lock for a moment, and the next activity tries again.
            if try_lock(self._fd, fcntl.LOCK_SH):
                os.utime(self._fd)

    def away(self) -> None:
        """Records that the user has left the dashboard."""
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _open(self) -> int:
        runtime_dir.check_directory(self._socket.parent, make=True)
        return runtime_dir.open_file(paths.presence_path(self._socket), os.O_RDWR | os.O_CREAT)


def idle(socket: Path) -> float | None:
    """Seconds since the user's last activity at a dashboard; None if the user is at none."""
    try:
        fd = runtime_dir.open_file(paths.presence_path(socket), os.O_RDONLY)
    except (OSError, UnsafeSocket):
        return None
    try:
        if try_lock(fd, fcntl.LOCK_EX):
            return None
        return max(0.0, time.time() - os.fstat(fd).st_mtime)
    finally:
        os.close(fd)
