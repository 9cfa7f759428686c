"""The daemon's state, the files that it makes beside its socket, and their removal."""

from __future__ import annotations

import fcntl
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acd import paths
from acd.errors import AcdError
from acd.install.daemon import stop_daemon
from acd.system import files, runtime_dir

_END_SECONDS: Final = 10.0


def state_files(socket: Path) -> list[Path]:
    """Returns the socket, and the files whose names begin with its own, if they exist."""
    if not socket.parent.is_dir():
        return []
    return sorted(
        path
        for path in socket.parent.iterdir()
        if path.name == socket.name or path.name.startswith(socket.name + ".")
    )


@dataclass(frozen=True)
class RemoveState:
    """Ends the daemon, if one runs, and removes its files."""

    socket: Path

    def describe(self) -> str:
        return f"end the daemon if one is left, and remove its state in {self.socket.parent}"

    def execute(self) -> str:
        stop_daemon({"ACD_SOCKET": str(self.socket)})
        self._wait_for_end()
        for path in state_files(self.socket):
            files.remove(path)
        # Any other directory is the user's own, named by ACD_SOCKET.
        if self.socket.parent.name in {"acd", f"acd-{os.getuid()}"}:
            files.remove_if_empty(self.socket.parent)
        return f"The sessions' state in {self.socket.parent} removed."

    def _wait_for_end(self) -> None:
        """Waits for the lock that a daemon holds until its last write."""
        try:
            fd = runtime_dir.open_file(paths.daemon_lock_path(self.socket), os.O_RDWR)
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
                    hint="end its process (acd status shows its pid) and run this again",
                )
        finally:
            os.close(fd)
