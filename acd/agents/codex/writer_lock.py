"""Watches the processes that hold the writer locks of Codex's sessions.

Undocumented; measured on 0.169.0: a process holds a flock of
`<config dir>/thread-writer-locks/<session>.lock` while it has the session loaded: the one in the
terminal, or the shared server.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from acd.agents.observer import WatchTarget
from acd.system.process import ProcessWatch

THREAD_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")
"""The id of a session or of a subagent."""


class OwnerWatch:
    """Watches the process that has a session loaded; calls `on_end` with the session's id."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_end: Callable[[str], None]):
        self._on_end = on_end
        self._processes = ProcessWatch(loop, self._ended)
        self._owners: dict[str, int] = {}

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._owners

    def follow(self, target: WatchTarget) -> None:
        """Begins to watch the process that holds the session's lock, if one does."""
        if target.session_id in self._owners:
            return
        lock = lock_path(target)
        pid = owner_of(lock) if lock is not None else None
        if lock is None or pid is None or self._processes.watch(pid) is None:
            return
        self._owners[target.session_id] = pid
        if owner_of(lock) != pid:  # it ended meanwhile, and another process may have its pid
            self.forget(target.session_id)

    def forget(self, session_id: str) -> None:
        """Ends the watching for a session."""
        pid = self._owners.pop(session_id, None)
        if pid is not None and pid not in self._owners.values():
            self._processes.unwatch(pid)

    def close(self) -> None:
        """Ends all watching."""
        self._processes.close()

    def _ended(self, pid: int, start: int) -> None:
        for session_id, owner in list(self._owners.items()):
            if owner == pid:
                del self._owners[session_id]
                self._on_end(session_id)


def lock_path(target: WatchTarget) -> Path | None:
    """The lock file of the session's writer; None for a directory or an id that is invalid."""
    if target.config_dir is None or not target.config_dir.startswith("/"):
        return None
    if not THREAD_ID.fullmatch(target.session_id):
        return None
    return Path(target.config_dir, "thread-writer-locks", f"{target.session_id}.lock")


def owner_of(lock: Path) -> int | None:
    """The pid of the process that holds a lock (flock(2)); None for none or an unknown one."""
    try:
        found = lock.lstat()
    except OSError:
        return None
    device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}"
    return (owners() or {}).get(f"{device}:{found.st_ino}")


def owners() -> dict[str, int] | None:
    """Each flock's holder, by `major:minor:inode` (proc_locks(5)); None without /proc."""
    try:
        lines = Path("/proc/locks").read_text("ascii").splitlines()
    except (OSError, ValueError):
        return None
    # A line with `->` is a process that waits for the lock.
    fields = (line.split() for line in lines if "FLOCK" in line and "->" not in line)
    return {each[5]: int(each[4]) for each in fields if len(each) >= 6 and each[4].isdigit()}
