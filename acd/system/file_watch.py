"""That somebody writes to one file, for programs that wait in poll(2).

Responsible for the kernel's word: inotify(7) on Linux, kqueue(2) elsewhere. It
refuses to know what is written and why. The part for kqueue has not run on a
Mac yet.
"""

from __future__ import annotations

import ctypes
import os
import select
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_MODIFY: Final = 0x2
_ATTRIB: Final = 0x4  # its last name was taken away
_MOVE_SELF: Final = 0x800


class FileWatch:
    """Its `fileno()` is readable once the file was written to, or is not there any more.

    Use it as a context manager. Raises OSError for a file that is not there.
    """

    def __init__(self, path: Path):
        if sys.platform == "linux":
            # libc is in the process; looking it up by name would start a program.
            libc = ctypes.CDLL(None, use_errno=True)
            self._fd: int = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
            if self._fd < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            mask = _MODIFY | _ATTRIB | _MOVE_SELF
            if libc.inotify_add_watch(self._fd, os.fsencode(path), mask) < 0:
                number = ctypes.get_errno()
                os.close(self._fd)
                raise OSError(number, os.strerror(number))
        else:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            self._queue = select.kqueue()
            changes = select.KQ_NOTE_WRITE | select.KQ_NOTE_DELETE | select.KQ_NOTE_RENAME
            flags = select.KQ_EV_ADD | select.KQ_EV_CLEAR
            event = select.kevent(self._file, select.KQ_FILTER_VNODE, flags, changes)
            self._queue.control([event], 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if sys.platform == "linux":
            os.close(self._fd)
        else:
            self._queue.close()
            os.close(self._file)

    def fileno(self) -> int:
        if sys.platform == "linux":
            return self._fd
        return self._queue.fileno()

    def forget(self) -> None:
        """What was written until now counts no more."""
        if sys.platform == "linux":
            try:
                while os.read(self._fd, 1 << 12):
                    pass
            except BlockingIOError:
                return
        else:
            self._queue.control(None, 16, 0)
