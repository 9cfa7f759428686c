"""Opens and locks files that other programs may replace or lock, without waiting for those.

The imports are few because status bars use this module every few seconds.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import Final

_GUARDS: Final = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


def open_guarded(
    path: Path | str, flags: int, mode: int = 0o600, *, dir_fd: int | None = None
) -> int:
    """Opens a file by a path that another program may replace; returns the descriptor.

    A link is not followed, a FIFO does not block, and a terminal does not become the
    controlling one (open(2)). `mode` is that of a new file. Raises OSError.
    """
    return os.open(path, flags | _GUARDS, mode, dir_fd=dir_fd)


def open_own(path: Path, flags: int = os.O_RDONLY) -> int:
    """As open_guarded, and raises OSError for what is not a regular file of this user."""
    fd = open_guarded(path, flags)
    if not is_own(os.fstat(fd)):
        os.close(fd)
        raise OSError(errno.EPERM, "not a regular file of this user")
    return fd


def is_own(found: os.stat_result) -> bool:
    """Whether the result of stat(2) is of a regular file of this user."""
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid()


def try_lock(fd: int, kind: int) -> bool:
    """Takes a lock, LOCK_EX or LOCK_SH, unless another process excludes it (flock(2)).

    Returns whether it did.
    """
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
