"""What was told, beside the socket: a restart neither repeats nor misses.

Responsible for one file, read once and replaced whole, and for being the only
one who writes it. It refuses to know what is in it.
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


class Memory:
    """The file. What cannot be read is forgotten: then something may be told once more."""

    def __init__(self, path: Path):
        self._path = path

    def read(self) -> Json:
        """What was written last, or nothing."""
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, value: Json) -> None:
        """Replaces it. Raises AcdError."""
        temporary = self._path.with_name(self._path.name + ".new")
        try:
            fd = files.open_own(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(value, file)
            temporary.replace(self._path)
        except OSError as error:
            raise AcdError(f"cannot write {self._path}: {error.strerror}") from None


@contextlib.contextmanager
def memory(socket: Path) -> Iterator[Memory]:
    """The memory of whoever notifies for this socket; there is one at a time. Raises AcdError."""
    runtime_dir.check_length(socket)
    runtime_dir.check_directory(socket.parent, make=True)
    lock = _lock_path(socket)
    try:
        fd = runtime_dir.open_file(lock, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise AcdError(f"cannot open {lock}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AcdError(
                "another acd notify is at work",
                hint="end that one first: systemctl --user stop acd-notify",
                exit_code=EXIT_ALREADY_RUNNING,
            ) from None
        yield Memory(paths.notified_path(socket))
    finally:
        os.close(fd)


def is_at_work(socket: Path) -> bool:
    """Whether somebody notifies for this socket now: nobody does where its place is not safe."""
    try:
        return runtime_dir.is_held(_lock_path(socket))
    except UnsafeSocket:
        return False


def _lock_path(socket: Path) -> Path:
    path = paths.notified_path(socket)
    return path.with_name(path.name + ".lock")
