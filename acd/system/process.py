"""Identifies processes and reports their ends without polling.

A process is identified by its pid and its start time, because pids are reused.
Ends are reported by pidfd on Linux (pidfd_open(2)) and by kqueue's EVFILT_PROC
on macOS (kqueue(2)).
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
"""Programs that may run between an agent and its hook; they end with the hook."""


class Identity(NamedTuple):
    """Start and name of a running process."""

    start: int
    """Start time: clock ticks since boot on Linux (proc_pid_stat(5), field 22),
    unix microseconds on macOS. Compare it for equality only."""
    start_boot: int | None
    """Start time in nanoseconds on the boot clock, to order it among events; None if unknown."""
    name: str


def identify(pid: int) -> Identity | None:
    """The identity of a process; None for a zombie or where there is no such process."""
    return _identify_linux(pid) if sys.platform == "linux" else _identify_macos(pid)


def _identify_linux(pid: int) -> Identity | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name is in parentheses, and may itself contain parentheses and spaces.
    name, _, rest = text.partition(b"(")[2].rpartition(b")")
    fields = rest.split()
    if len(fields) < 20 or fields[0] in {b"Z", b"X"}:
        return None
    ticks = int(fields[19])
    return Identity(ticks, ticks * NS // _TICKS, name.decode("utf-8", "replace"))


_TICKS: Final = os.sysconf("SC_CLK_TCK")


def _identify_macos(pid: int) -> Identity | None:
    from acd.system.libproc import bsd_info  # loads ctypes

    found = bsd_info(pid)
    return None if found is None else Identity(found.start, None, found.name)


def arguments(pid: int) -> list[str] | None:
    """The arguments of a process after its name; None where they cannot be read (macOS)."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    words = line.decode("utf-8", "replace").split("\0")
    return words[1:] if line else None


def began_after(identity: Identity, at: int, now: Now) -> bool:
    """Whether the process started after an event (`at`, unix nanoseconds), so did not cause it.

    False where the start is not known.
    """
    if identity.start_boot is None:
        return False
    # Clock ticks are coarse, and the wall clock can be set: allow one second.
    event_boot = now.boot - (now.wall - at)
    return identity.start_boot > event_boot + NS


class ProcessWatch:
    """Watches processes in an event loop; calls `ended(pid, start)` once for each that ends."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ended: Callable[[int, int], None]):
        self._loop = loop
        self._ended = ended
        self._watched: dict[int, tuple[int, int]] = {}  # pid to (start, descriptor)

    def __contains__(self, pid: int) -> bool:
        return pid in self._watched

    def watch(self, pid: int) -> Identity | None:
        """Watches a process; returns its identity, or None when it has already ended.

        Where the kernel refuses a descriptor for it (too many open files, the
        call is forbidden), the process is identified and not watched.
        """
        if pid in self._watched:
            known = self._watched[pid][0]
            found = identify(pid)
            if found is not None and found.start == known:
                return found
            # It ended and the loop has not reported it yet, or its pid is reused.
            self._report(pid)
        try:
            fd = self._open(pid)
        except ProcessLookupError:
            return None
        except OSError:
            return identify(pid)
        # Identified after the descriptor is open: a later reuse of the pid is reported.
        found = identify(pid)
        if found is None:
            self._close(fd, pid)
            return None
        self._watched[pid] = (found.start, fd)
        return found

    def unwatch(self, pid: int) -> None:
        """Ends the watch of a process; a process without one is no error."""
        if (watched := self._watched.pop(pid, None)) is not None:
            self._close(watched[1], pid)

    def close(self) -> None:
        """Ends all watches."""
        for pid in list(self._watched):
            self.unwatch(pid)

    def _report(self, pid: int) -> None:
        if (watched := self._watched.pop(pid, None)) is not None:
            start, fd = watched
            self._close(fd, pid)
            self._ended(pid, start)

    if sys.platform == "linux":

        def _open(self, pid: int) -> int:
            fd = os.pidfd_open(pid)
            self._loop.add_reader(fd, self._report, pid)
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
                self._report(event.ident)
