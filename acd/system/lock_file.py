"""A lock between processes: a file that exists while the lock is held."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from acd.system.files import failure
from acd.system.guarded import open_guarded, try_lock


class LockHeld(Exception):
    """Another process holds the lock."""


@contextlib.contextmanager
def lock(path: Path, *, waits: bool = True) -> Iterator[None]:
    """Holds an exclusive lock on a file, which is created and removed.

    Raises AcdError when the file cannot be created, and LockHeld without
    `waits` when another process holds the lock.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = _locked(path, waits=waits)
    except OSError as error:
        raise failure("lock", path, error) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(fd)


def _locked(path: Path, *, waits: bool) -> int:
    while True:
        fd = open_guarded(path, os.O_RDWR | os.O_CREAT)
        try:
            if not try_lock(fd, fcntl.LOCK_EX):
                if not waits:
                    raise LockHeld
                fcntl.flock(fd, fcntl.LOCK_EX)
            # The former holder may have removed the file: another process may lock a new one.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(path.stat(), os.fstat(fd)):
                    return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
