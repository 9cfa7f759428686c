"""Claude Code's observer: reads its registry of sessions, `<config dir>/sessions/<pid>.json`.

It reads small regular files of that name that belong to the user, never the keys beside them,
and writes nothing. The registry is undocumented, so anything unexpected in it is ignored.

Measured on 2.1.197 and 2.1.329: the file is written in place, within 0.1 s of an interrupt or
of a dialog's end; between two turns it holds `idle` for about 20 ms. So it is read a moment
after each write.

The status `waiting` becomes the word `asking` where `waitingFor` names a dialog that asks the
user, and is ignored elsewhere: a picker that the user opened (`dialog open`) changes nothing.
The word `waiting` itself stays without a meaning: records of 0.1.0 hold it for both.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from acd.agents.claude_code.events import AGENT
from acd.agents.observer import OnObservation, WatchTarget
from acd.sessions.signals import OBSERVER, Observation
from acd.system.guarded import open_own
from acd.system.process import identify

if TYPE_CHECKING:
    from acd.system.inotify import InotifyWatch

SETTLE: Final = 0.12
"""Seconds between a write and the read."""
MAX_SIZE: Final = 65_536
"""Bytes; real files have about 500."""

ASKING: Final = frozenset(
    {"permission prompt", "sandbox request", "worker request", "goal proposal", "input needed"}
)
"""The values of `waitingFor` that the client counts as asking (read in 2.1.329's program)."""

_NAME: Final = re.compile(r"([1-9][0-9]{0,9})\.json")
_TICKS: Final = re.compile(r"[0-9]{1,19}")
_STATUS: Final = re.compile(r"[a-z_]{1,40}")
_VERSION: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")
_MS: Final = 1_000_000

log = logging.getLogger("acd.registry")


class RegistryEntry(NamedTuple):
    """The content of a registry file."""

    pid: int
    session_id: str
    word: str | None
    """The status as a word of the observer; None for one that is ignored."""
    at: int
    """Unix nanoseconds."""
    start: int | None
    """The start of its process, in the kernel's unit (proc_pid_stat(5), field 22)."""
    version: tuple[int, ...]
    """The client's version; empty for none."""


class RegistryObserver:
    """Reports each status in the registry files of the followed sessions (AgentObserver)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_observation: OnObservation):
        self._loop = loop
        self._on_observation = on_observation
        self._watch: InotifyWatch | None = None
        self._followed: dict[str, tuple[Path, int]] = {}  # session to (directory, pid)
        self._reported: dict[str, RegistryEntry] = {}
        self._pids: dict[Path, set[int]] = {}  # followed, by directory
        self._reads: dict[tuple[Path, int], asyncio.TimerHandle] = {}
        self._newest: tuple[int, ...] = ()

    @property
    def version(self) -> str | None:
        """The newest version in a file that was read."""
        return ".".join(map(str, self._newest)) or None

    def follow(self, target: WatchTarget) -> None:
        """Begins to watch the file of the session's process, and reads it once."""
        directory = target.config_dir
        if target.pid is None or directory is None or not directory.startswith("/"):
            return
        followed = Path(directory, "sessions"), target.pid
        if self._followed.get(target.session_id, followed) != followed:
            self.forget(target.session_id)
        self._followed[target.session_id] = followed
        self._follow(*followed)

    take_up = follow  # the process watch reports a session that ended

    def forget(self, session_id: str) -> None:
        """Ends the watching of a session, and of its directory with the last one."""
        self._reported.pop(session_id, None)
        followed = self._followed.pop(session_id, None)
        if followed is None or followed in self._followed.values():
            return
        directory, pid = followed
        if read := self._reads.pop(followed, None):
            read.cancel()
        pids = self._pids[directory]
        pids.discard(pid)
        if not pids:
            del self._pids[directory]
            if self._watch is not None:
                self._watch.unwatch(directory)

    def close(self) -> None:
        """Ends all watching."""
        for read in self._reads.values():
            read.cancel()
        if self._watch is not None:
            self._watch.close()

    def _follow(self, directory: Path, pid: int) -> None:
        pids = self._pids.setdefault(directory, set())
        if pid in pids and self._watch is not None and directory in self._watch:
            return
        pids.add(pid)
        try:
            if self._watch is None:
                from acd.system.inotify import InotifyWatch  # loads ctypes: 3 ms

                self._watch = InotifyWatch(self._loop, self._written)
            if directory not in self._watch:
                self._watch.watch(directory)
        except OSError as error:
            # It does not exist yet, or the user has no more watches.
            log.debug("%s cannot be watched: %s", directory, error.strerror)
        self._schedule_read(directory, pid)

    def _written(self, directory: Path, name: str) -> None:
        pids = self._pids.get(directory, set())
        if not name:
            for pid in pids:
                self._schedule_read(directory, pid)
        elif (match := _NAME.fullmatch(name)) and int(match[1]) in pids:
            self._schedule_read(directory, int(match[1]))

    def _schedule_read(self, directory: Path, pid: int) -> None:
        if (read := self._reads.pop((directory, pid), None)) is not None:
            read.cancel()
        self._reads[directory, pid] = self._loop.call_later(SETTLE, self._read, directory, pid)

    def _read(self, directory: Path, pid: int) -> None:
        self._reads.pop((directory, pid), None)
        with contextlib.suppress(OSError):
            entry = parse_entry(read_file(directory / f"{pid}.json"), pid)
            if entry is not None and not _is_stale(entry):
                self._report(entry)

    def _report(self, entry: RegistryEntry) -> None:
        # A process changes to another conversation before a hook reports it.
        followed = self._followed.get(entry.session_id)
        if followed is None or followed[1] != entry.pid:
            return
        if entry.version > self._newest:
            self._newest = entry.version
            log.info(
                "Claude Code %s is in use: acd doctor shows whether it lacks hooks", self.version
            )
        word = entry.word
        if word is not None and self._reported.get(entry.session_id) != entry:
            self._reported[entry.session_id] = entry
            kind = AGENT.observations.get(word, "NONE")
            self._on_observation(entry.session_id, Observation(OBSERVER, kind, word, entry.at))


def _is_stale(entry: RegistryEntry) -> bool:
    """Whether a killed process left the file, and another process has its pid now."""
    found = identify(entry.pid)
    return found is not None and entry.start is not None and found.start != entry.start


def read_file(path: Path) -> bytes:
    """A registry file's content. Raises OSError unless it is small, regular and the user's."""
    with os.fdopen(open_own(path), "rb") as file:
        if os.fstat(file.fileno()).st_size > MAX_SIZE:
            raise OSError("not a registry file")
        return file.read(MAX_SIZE)


def parse_entry(content: bytes, pid: int) -> RegistryEntry | None:
    """The content of a process's file; None for anything unexpected."""
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        return None  # half-written: inotify reports the rest
    if not isinstance(fields, dict) or fields.get("pid") != pid:
        return None
    session_id, status = fields.get("sessionId"), fields.get("status")
    at = fields.get("statusUpdatedAt")
    if not isinstance(session_id, str) or not isinstance(status, str):
        return None
    if type(at) is not int or not 0 < at < 2**53 or not _STATUS.fullmatch(status):
        return None
    start = _TICKS.fullmatch(str(fields.get("procStart")))
    version = _VERSION.fullmatch(str(fields.get("version")))
    return RegistryEntry(
        pid,
        session_id,
        _word(status, fields.get("waitingFor")),
        at * _MS,
        int(start[0]) if start else None,
        tuple(map(int, version.groups())) if version else (),
    )


def _word(status: str, waiting_for: object) -> str | None:
    if status != "waiting":
        return status
    return "asking" if isinstance(waiting_for, str) and waiting_for in ASKING else None
