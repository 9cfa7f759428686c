"""Claude Code's own registry of its sessions: `<config dir>/sessions/<pid>.json`.

Responsible for reading it, never writing, and only files of that name that
are ours and small: the keys beside them are never opened. It is undocumented,
so anything unexpected in it is nothing. It refuses to know what its words
mean (sessions/corrections.py).

Measured on 2.1.197 and 2.1.329: the file is written in place, within 0.1 s of
an interrupt or of a dialog's end; between two turns it says `idle` for some
20 ms. So it is read a moment after it was written, and says what lasted.

`waiting` is told as `asking` where `waitingFor` names a dialog that asks the
user, and not at all elsewhere: for a picker that the user opened (`dialog
open`) nothing has changed. The word `waiting` itself is never told: recordings
and journals of 0.1.0 hold it for both, and there it changes nothing.
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

from acd.agents.observer import Place, Says
from acd.system.files import open_own
from acd.system.process import identify

if TYPE_CHECKING:
    from acd.system.inotify import InotifyWatch

SETTLE: Final = 0.12
"""Seconds between a write and the look at the file."""
MAX_SIZE: Final = 65_536
"""Bytes; the real ones have about 500."""

ASKING: Final = frozenset(
    {"permission prompt", "sandbox request", "worker request", "goal proposal", "input needed"}
)
"""The values of `waitingFor` with which the client counts itself as asking (read in 2.1.329)."""

_NAME: Final = re.compile(r"([1-9][0-9]{0,9})\.json")
_TICKS: Final = re.compile(r"[0-9]{1,19}")
_STATUS: Final = re.compile(r"[a-z_]{1,40}")
_VERSION: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")
_MS: Final = 1_000_000

log = logging.getLogger("acd.registry")


class Entry(NamedTuple):
    """What a registry file says."""

    pid: int
    session_id: str
    word: str | None
    """Its status as the table of corrections names it; None for one that says nothing."""
    at: int
    """Unix nanoseconds."""
    start: int | None
    """When its process began, as the kernel counts (proc_pid_stat(5), field 22)."""
    version: tuple[int, ...]
    """The client's; empty where it is not told."""


class RegistryWatch:
    """Tells each status that the registry file of a followed session names (source.py)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, says: Says):
        self._loop = loop
        self._says = says
        self._watch: InotifyWatch | None = None
        self._followed: dict[str, tuple[Path, int]] = {}  # of each session: directory and pid
        self._last: dict[str, Entry] = {}
        self._users: dict[Path, set[int]] = {}
        self._due: dict[tuple[Path, int], asyncio.TimerHandle] = {}
        self._newest: tuple[int, ...] = ()

    @property
    def version(self) -> str | None:
        """The newest client's whose file was read."""
        return ".".join(map(str, self._newest)) or None

    def follow(self, place: Place) -> None:
        """Begins to watch the file of the session's process, and looks at it once."""
        if place.pid is None or place.config_dir is None or not place.config_dir.startswith("/"):
            return
        followed = Path(place.config_dir, "sessions"), place.pid
        if self._followed.get(place.session_id, followed) != followed:
            self.forget(place.session_id)
        self._followed[place.session_id] = followed
        self._follow(*followed)

    take_up = follow  # that a session has ended is told by its process

    def forget(self, session_id: str) -> None:
        """Ends the watching of a session; what nobody asks for any more is let go."""
        self._last.pop(session_id, None)
        followed = self._followed.pop(session_id, None)
        if followed is None or followed in self._followed.values():
            return
        directory, pid = followed
        if due := self._due.pop(followed, None):
            due.cancel()
        users = self._users[directory]
        users.discard(pid)
        if not users:
            del self._users[directory]
            if self._watch is not None:
                self._watch.unwatch(directory)

    def close(self) -> None:
        """Ends all watching."""
        for due in self._due.values():
            due.cancel()
        if self._watch is not None:
            self._watch.close()

    def _follow(self, directory: Path, pid: int) -> None:
        users = self._users.setdefault(directory, set())
        if pid in users and self._watch is not None and directory in self._watch:
            return
        users.add(pid)
        try:
            if self._watch is None:
                from acd.system.inotify import InotifyWatch  # loads ctypes: 3 ms

                self._watch = InotifyWatch(self._loop, self._written)
            if directory not in self._watch:
                self._watch.watch(directory)
        except OSError as error:
            # Not there (yet), or no more watches: hooks and the process still tell.
            log.debug("%s cannot be watched: %s", directory, error.strerror)
        self._look_soon(directory, pid)

    def _written(self, directory: Path, name: str) -> None:
        users = self._users.get(directory, set())
        if not name:
            for pid in users:
                self._look_soon(directory, pid)
        elif (match := _NAME.fullmatch(name)) and int(match[1]) in users:
            self._look_soon(directory, int(match[1]))

    def _look_soon(self, directory: Path, pid: int) -> None:
        if (due := self._due.pop((directory, pid), None)) is not None:
            due.cancel()
        self._due[directory, pid] = self._loop.call_later(SETTLE, self._look, directory, pid)

    def _look(self, directory: Path, pid: int) -> None:
        self._due.pop((directory, pid), None)
        with contextlib.suppress(OSError):
            entry = parse_entry(read_file(directory / f"{pid}.json"), pid)
            if entry is not None and not _is_stale(entry):
                self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        # A process goes over to another conversation before its hooks tell of it.
        followed = self._followed.get(entry.session_id)
        if followed is None or followed[1] != entry.pid:
            return
        if entry.version > self._newest:
            self._newest = entry.version
            log.info("Claude Code %s is in use: acd doctor says if it lacks hooks", self.version)
        if entry.word is not None and self._last.get(entry.session_id) != entry:
            self._last[entry.session_id] = entry
            self._says(entry.session_id, "registry", entry.word, entry.at)


def _is_stale(entry: Entry) -> bool:
    """Whether it was left by a process that was killed, and whose pid is another's by now."""
    found = identify(entry.pid)
    return found is not None and entry.start is not None and found.start != entry.start


def read_file(path: Path) -> bytes:
    """The content of a registry file. Raises OSError for one that is not ours and small."""
    with os.fdopen(open_own(path), "rb") as file:
        if os.fstat(file.fileno()).st_size > MAX_SIZE:
            raise OSError("not a registry file")
        return file.read(MAX_SIZE)


def parse_entry(content: bytes, pid: int) -> Entry | None:
    """What the file of a process says; None for anything unexpected."""
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        return None  # half-written: the rest comes, and we are told
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
    return Entry(
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
