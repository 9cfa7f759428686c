"""What the daemon keeps beside its socket, when all of it is to go.

Responsible for naming those files and for removing them once no daemon uses
them. It refuses to know what is in them.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acd import paths
from acd.errors import AcdError
from acd.install.daemon import stop_daemon
from acd.system import files

_END_SECONDS: Final = 10.0


def state_files(socket: Path) -> Iterator[Path]:
    """The socket, and the files whose names begin with its own, as far as they are there."""
    if socket.parent.is_dir():
        yield from sorted(
            path
            for path in socket.parent.iterdir()
            if path.name == socket.name or path.name.startswith(socket.name + ".")
        )


@dataclass(frozen=True)
class RemoveState:
    """The daemon ended, if one is left, and its files removed."""

    socket: Path

    def describe(self) -> str:
        return f"end the daemon if one is left, and remove its state in {self.socket.parent}"

    def execute(self) -> str:
        stop_daemon({"ACD_SOCKET": str(self.socket)})
        self._wait_for_end()
        for path in state_files(self.socket):
            files.remove(path)
        # A directory that ACD_SOCKET names is the user's own.
        if self.socket.parent.name in {"acd", f"acd-{os.getuid()}"}:
            files.remove_if_empty(self.socket.parent)
        return f"The sessions' state in {self.socket.parent} removed."

    def _wait_for_end(self) -> None:
        """A daemon holds this lock for its life, also while it writes for the last time."""
        try:
            fd = os.open(paths.daemon_lock_path(self.socket), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return
        try:
            # flock(2) has no time limit; a thread that waits can be left waiting.
            waiter = threading.Thread(target=fcntl.flock, args=(fd, fcntl.LOCK_EX), daemon=True)
            waiter.start()
            waiter.join(_END_SECONDS)
            if waiter.is_alive():
                raise AcdError(
                    f"a daemon still uses {self.socket.parent}",
                    hint="end its process (acd status tells which) and run this again",
                )
        finally:
            os.close(fd)
