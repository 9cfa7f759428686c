"""Reports writes to one file to a program that waits in poll(2).

It uses inotify(7) on Linux and kqueue(2) elsewhere. The part for kqueue has
not run on a Mac yet.
"""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

from acd.system.guarded import open_own
from acd.system.inotify import ATTRIB, MODIFY, MOVE_SELF, Inotify


class FileWatch:
    """Its `fileno()` is readable once the file was written, removed or renamed.

    Raises OSError for a file that does not exist.
    """

    def __init__(self, path: Path):
        if sys.platform == "linux":
            self._inotify = Inotify()
            try:
                self._inotify.add_watch(path, MODIFY | ATTRIB | MOVE_SELF)
            except OSError:
                self._inotify.close()
                raise
        else:
            self._file = open_own(path)
            self._queue = select.kqueue()
            changes = select.KQ_NOTE_WRITE | select.KQ_NOTE_DELETE | select.KQ_NOTE_RENAME
            flags = select.KQ_EV_ADD | select.KQ_EV_CLEAR
            event = select.kevent(self._file, select.KQ_FILTER_VNODE, flags, changes)
            self._queue.control([event], 0)

    def close(self) -> None:
        """Ends the watch."""
        if sys.platform == "linux":
            self._inotify.close()
        else:
            self._queue.close()
            os.close(self._file)

    def fileno(self) -> int:
        if sys.platform == "linux":
            return self._inotify.fileno()
        return self._queue.fileno()

    def clear(self) -> None:
        """Drops the events so far; `fileno()` is readable again at the next one."""
        if sys.platform == "linux":
            while self._inotify.read():
                pass
        else:
            self._queue.control(None, 16, 0)
