"""The notifier's state file beside the socket, and the lock that allows one notifier a socket.

With it a restarted notifier neither repeats nor misses a notification.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from acd import paths
from acd.errors import EXIT_ALREADY_RUNNING, AcdError, UnsafeSocket
from acd.sessions.values import Json
from acd.system import files, runtime_dir
from acd.system.guarded import try_lock


class NotifierState:
    """The state file: a JSON object that is read and replaced as a whole."""

    def __init__(self, path: Path):
        self._path = path

    def read(self) -> Json:
        """The object that was written last; an empty one if it cannot be read."""
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, value: Json) -> None:
        """Replaces the file atomically. Raises AcdError."""
        files.write(self._path, json.dumps(value).encode(), mode=0o600)


@contextlib.contextmanager
def locked_state(socket: Path) -> Iterator[NotifierState]:
    """The state of the notifier of this socket; its lock is held meanwhile.

    Raises AcdError, with EXIT_ALREADY_RUNNING when another process holds the lock.
    """
    runtime_dir.check_length(socket)
    runtime_dir.check_directory(socket.parent, make=True)
    lock = _lock_path(socket)
    try:
        fd = runtime_dir.open_file(lock, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise AcdError(f"cannot open {lock}: {error.strerror}") from None
    try:
        if not try_lock(fd, fcntl.LOCK_EX):
            raise AcdError(
                "another acd notify is running",
                hint="stop it first: systemctl --user stop acd-notify",
                exit_code=EXIT_ALREADY_RUNNING,
            )
        yield NotifierState(paths.notified_path(socket))
    finally:
        os.close(fd)


def is_notifier_running(socket: Path) -> bool:
    """Whether a notifier of this socket runs; False where the socket's directory is unsafe."""
    try:
        return runtime_dir.is_held(_lock_path(socket))
    except UnsafeSocket:
        return False


def _lock_path(socket: Path) -> Path:
    path = paths.notified_path(socket)
    return path.with_name(path.name + ".lock")
