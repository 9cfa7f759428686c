"""Reports which files of a directory were written, or that one file grows: inotify(7).

Where the kernel has no inotify (macOS), the constructors raise OSError.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

MODIFY: Final = 0x2
ATTRIB: Final = 0x4
"""Also reported when the last name of a file is removed."""
_CLOSE_WRITE: Final = 0x8
_MOVED_TO: Final = 0x80
_DELETE_SELF: Final = 0x400
MOVE_SELF: Final = 0x800
_Q_OVERFLOW: Final = 0x4000
_IGNORED: Final = 0x8000
_ONLYDIR: Final = 0x1000000

FILES: Final = _CLOSE_WRITE | _MOVED_TO | _DELETE_SELF | MOVE_SELF | _ONLYDIR
"""A mask for a directory: each file that is written and closed, or renamed into it."""
GROWTH: Final = MODIFY | _DELETE_SELF | MOVE_SELF
"""A mask for one file that stays open and grows; the name in its events is empty."""

_EVENT: Final = struct.Struct("iIII")  # wd, mask, cookie, length of the name
_READ_SIZE: Final = 1 << 16


class Inotify:
    """One inotify instance, not blocking."""

    def __init__(self) -> None:
        # libc is loaded already; ctypes.util.find_library would start a program.
        self._libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(self._libc, "inotify_init1"):
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        self._fd = self._call(self._libc.inotify_init1, os.O_CLOEXEC | os.O_NONBLOCK)

    def fileno(self) -> int:
        """Readable when there are events."""
        return self._fd

    def add_watch(self, path: Path, mask: int) -> int:
        """Watches a path; returns the watch descriptor. Raises OSError."""
        return self._call(self._libc.inotify_add_watch, self._fd, os.fsencode(path), mask)

    def remove_watch(self, wd: int) -> None:
        """Ends a watch. One that the kernel has ended already is no error."""
        self._libc.inotify_rm_watch(self._fd, wd)

    def read(self) -> list[tuple[int, int, str]]:
        """The events of one read(2): watch descriptor, mask, file name. Empty when none wait."""
        events = []
        data = b""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._fd, _READ_SIZE)
        offset = 0
        while offset < len(data):
            wd, mask, _, length = _EVENT.unpack_from(data, offset)
            offset += _EVENT.size
            name = data[offset : offset + length].rstrip(b"\0")
            offset += length
            events.append((wd, mask, os.fsdecode(name)))
        return events

    def close(self) -> None:
        """Ends all watches."""
        os.close(self._fd)

    @staticmethod
    def _call(function: Callable[..., int], *args: object) -> int:
        result = function(*args)
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result


class InotifyWatch:
    """Watches paths in an event loop; calls `written(path, name)` for each event.

    `mask` is FILES or GROWTH. For a directory, an empty name means that any of
    its files may have been written. A path that is removed or renamed is not
    watched any more, and may be watched again.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        written: Callable[[Path, str], None],
        mask: int = FILES,
    ):
        self._loop = loop
        self._mask = mask
        self._written = written
        self._inotify = Inotify()
        self._paths: dict[int, Path] = {}
        loop.add_reader(self._inotify.fileno(), self._read)

    def __contains__(self, path: Path) -> bool:
        return path in self._paths.values()

    def watch(self, path: Path) -> None:
        """Watches a path. Raises OSError."""
        self._paths[self._inotify.add_watch(path, self._mask)] = path

    def unwatch(self, path: Path) -> None:
        """Ends the watch of a path; a path without one is no error."""
        for wd, watched in list(self._paths.items()):
            if watched == path:
                del self._paths[wd]
                self._inotify.remove_watch(wd)

    def close(self) -> None:
        """Ends all watches."""
        self._loop.remove_reader(self._inotify.fileno())
        self._inotify.close()

    def _read(self) -> None:
        for wd, mask, name in self._inotify.read():
            if mask & _Q_OVERFLOW:
                for path in list(self._paths.values()):
                    self._written(path, "")
            elif mask & (_IGNORED | _DELETE_SELF | MOVE_SELF):
                if self._paths.pop(wd, None) is not None and not mask & _IGNORED:
                    self._inotify.remove_watch(wd)
            elif wd in self._paths:
                self._written(self._paths[wd], name)
