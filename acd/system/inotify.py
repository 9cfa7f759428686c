"""Which files of a directory were written, or that one file grows.

Responsible for the kernel's word: inotify(7). Where there is none (macOS),
following is an OSError, as it is for what is not there. It refuses to know
what is in the files.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

_MODIFY: Final = 0x2
_CLOSE_WRITE: Final = 0x8
_MOVED_TO: Final = 0x80
_DELETE_SELF: Final = 0x400
_MOVE_SELF: Final = 0x800
_Q_OVERFLOW: Final = 0x4000
_IGNORED: Final = 0x8000
_ONLYDIR: Final = 0x1000000

FILES: Final = _CLOSE_WRITE | _MOVED_TO | _DELETE_SELF | _MOVE_SELF | _ONLYDIR
"""The files of a directory: each is told once it is written and closed, or renamed into it."""
GROWTH: Final = _MODIFY | _DELETE_SELF | _MOVE_SELF
"""One file that stays open and grows: told with an empty name."""

_EVENT: Final = struct.Struct("iIII")  # wd, mask, cookie, length of the name
_READ: Final = 1 << 16


class InotifyWatch:
    """Calls `written(path, name)`; in a directory an empty name means any of its files.

    `changes` is FILES or GROWTH: what is told, and of what.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        written: Callable[[Path, str], None],
        changes: int = FILES,
    ):
        self._loop = loop
        self._changes = changes
        self._written = written
        # libc is in the process; looking it up by name would start a program.
        self._libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(self._libc, "inotify_init1"):
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        self._fd = self._call(self._libc.inotify_init1, os.O_CLOEXEC | os.O_NONBLOCK)
        loop.add_reader(self._fd, self._drain)
        self._directories: dict[int, Path] = {}

    def __contains__(self, directory: Path) -> bool:
        return directory in self._directories.values()

    def follow(self, directory: Path) -> None:
        """Begins to watch a directory, or a file. Raises OSError."""
        wd = self._call(
            self._libc.inotify_add_watch, self._fd, os.fsencode(directory), self._changes
        )
        self._directories[wd] = directory

    def forget(self, directory: Path) -> None:
        """Ends the watching of a directory."""
        for wd, followed in list(self._directories.items()):
            if followed == directory:
                del self._directories[wd]
                self._libc.inotify_rm_watch(self._fd, wd)

    def close(self) -> None:
        """Ends all watching."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    @staticmethod
    def _call(function: Callable[..., int], *args: object) -> int:
        result = function(*args)
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result

    def _drain(self) -> None:
        try:
            data = os.read(self._fd, _READ)
        except OSError as error:
            if error.errno in {errno.EAGAIN, errno.EINTR}:
                return
            raise
        offset = 0
        while offset < len(data):
            wd, mask, _, length = _EVENT.unpack_from(data, offset)
            offset += _EVENT.size
            name = data[offset : offset + length].rstrip(b"\0")
            offset += length
            self._tell(wd, mask, os.fsdecode(name))

    def _tell(self, wd: int, mask: int, name: str) -> None:
        if mask & _Q_OVERFLOW:
            for directory in list(self._directories.values()):
                self._written(directory, "")
        elif mask & (_IGNORED | _DELETE_SELF | _MOVE_SELF):
            # Gone, or another place by now; the next one who asks follows it anew.
            if self._directories.pop(wd, None) is not None and not mask & _IGNORED:
                self._libc.inotify_rm_watch(self._fd, wd)
        elif wd in self._directories:
            self._written(self._directories[wd], name)
