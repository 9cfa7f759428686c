"""The life of agents' processes.

Responsible for telling the end of a process at once, without polling: pidfd on
Linux (pidfd_open(2)), kqueue's EVFILT_PROC on macOS (kqueue(2)); and for its
identity, which is the pid and the start time, because pids are used again. It
refuses to know sessions.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from acd.sessions.values import NS, Now

SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "fish", "ksh", "busybox", "env"})
"""Programs that may stand between an agent and its hook, and end with the hook."""


class Identity(NamedTuple):
    """What can be seen of a process that lives."""

    start: int
    """When it began: clock ticks since boot on Linux (proc_pid_stat(5), field 22),
    unix microseconds on macOS. Comparable for equality."""
    start_boot: int | None
    """The same in nanoseconds on the boot clock, to order it among events; None if unknown."""
    name: str


def identify(pid: int) -> Identity | None:
    """The process's identity; None when there is no such process, or it is a zombie."""
    return _identify_linux(pid) if sys.platform == "linux" else _identify_macos(pid)


def _identify_linux(pid: int) -> Identity | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name is in parentheses, and may hold anything, parentheses included.
    name, _, rest = text.partition(b"(")[2].rpartition(b")")
    fields = rest.split()
    if len(fields) < 20 or fields[0] in {b"Z", b"X"}:
        return None
    ticks = int(fields[19])
    return Identity(ticks, ticks * NS // _TICKS, name.decode("utf-8", "replace"))


_TICKS: Final = os.sysconf("SC_CLK_TCK")


def _identify_macos(pid: int) -> Identity | None:
    from acd.system.kqueue import bsd_info  # loads ctypes

    found = bsd_info(pid)
    return None if found is None else Identity(found.start, None, found.name)


def arguments(pid: int) -> list[str] | None:
    """The process's arguments behind its name; None where they cannot be read (macOS)."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    words = line.decode("utf-8", "replace").split("\0")
    return words[1:] if line else None


def began_after(identity: Identity, at: int, now: Now) -> bool:
    """Whether the process is younger than an event (unix ns) that it is said to have caused."""
    if identity.start_boot is None:
        return False
    # The event's time on the boot clock; ticks and set clocks are coarse.
    event_boot = now.boot - (now.wall - at)
    return identity.start_boot > event_boot + NS


class ProcessWatch:
    """Calls `ended(pid, start)` once for each followed process that has ended."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ended: Callable[[int, int], None]):
        self._loop = loop
        self._ended = ended
        self._followed: dict[int, tuple[int, int]] = {}  # pid to (start, descriptor)

    def __contains__(self, pid: int) -> bool:
        return pid in self._followed

    def follow(self, pid: int) -> Identity | None:
        """Begins to watch a process; None when it has already ended.

        Where the kernel gives no handle on it (too many files are open, the
        call is forbidden), it is looked at and not watched.
        """
        if pid in self._followed:
            known = self._followed[pid][0]
            found = identify(pid)
            if found is not None and found.start == known:
                return found
            # It ended, and its end is on its way to us; or another has its pid by now.
            self._tell(pid)
        try:
            fd = self._open(pid)
        except ProcessLookupError:
            return None
        except OSError:
            return identify(pid)
        # Looked at after it is held: from here on the pid cannot become another's
        # without our being told.
        found = identify(pid)
        if found is None:
            self._close(fd, pid)
            return None
        self._followed[pid] = (found.start, fd)
        return found

    def forget(self, pid: int) -> None:
        """Nobody asks for this process any more."""
        if (followed := self._followed.pop(pid, None)) is not None:
            self._close(followed[1], pid)

    def close(self) -> None:
        """Ends all watching."""
        for pid in list(self._followed):
            self.forget(pid)

    def _tell(self, pid: int) -> None:
        if (followed := self._followed.pop(pid, None)) is not None:
            start, fd = followed
            self._close(fd, pid)
            self._ended(pid, start)

    if sys.platform == "linux":

        def _open(self, pid: int) -> int:
            fd = os.pidfd_open(pid)
            self._loop.add_reader(fd, self._tell, pid)
            return fd

        def _close(self, fd: int, pid: int) -> None:
            self._loop.remove_reader(fd)
            os.close(fd)

    else:
        _kqueue: select.kqueue | None = None

        def _open(self, pid: int) -> int:
            if self._kqueue is None:
                self._kqueue = select.kqueue()
                self._loop.add_reader(self._kqueue.fileno(), self._drain)
            self._control(pid, select.KQ_EV_ADD | select.KQ_EV_ONESHOT)
            return -1

        def _close(self, fd: int, pid: int) -> None:
            with contextlib.suppress(OSError):
                self._control(pid, select.KQ_EV_DELETE)

        def _control(self, pid: int, flags: int) -> None:
            assert self._kqueue is not None  # noqa: S101 - opened by _open
            event = select.kevent(
                pid, filter=select.KQ_FILTER_PROC, flags=flags, fflags=select.KQ_NOTE_EXIT
            )
            self._kqueue.control([event], 0)

        def _drain(self) -> None:
            assert self._kqueue is not None  # noqa: S101 - opened by _open
            for event in self._kqueue.control(None, 64, 0):
                self._tell(event.ident)
