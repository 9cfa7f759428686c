"""Codex's own evidence: the rollout file of a session, and the lock of its writer.

Responsible for reading both, never writing or locking, and only files that are
ours. Both are undocumented, so anything unexpected in them is nothing. It
refuses to know what their words mean (sessions/corrections.py).

Measured on 0.169.0: the rollout is appended to line by line; the line that
ends a failed turn (`task_complete` with an `error`) follows 5 ms after the
last hook, which says nothing of it, and `turn_aborted` 25 to 40 ms after Esc.
A subagent has a rollout of its own; there alone `turn_aborted` tells that it
was denied what it asked for, of which no hook does.
`<config dir>/thread-writer-locks/<session>.lock` is flocked for as long as a
process has the session loaded: the one in the terminal, or the shared server.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acd.agents.observer import Place, Says
from acd.sessions.values import Json
from acd.system import clock
from acd.system.files import is_own, open_own
from acd.system.process import ProcessWatch

if TYPE_CHECKING:
    from acd.system.inotify import InotifyWatch

TAIL: Final = 16_384
"""Bytes that are read of a rollout's end; the lines that are looked for have about 450."""
SETTLE: Final = 0.03
"""Seconds in which a burst of lines is gathered into one look."""
_MS: Final = 1_000_000
"""Nanoseconds; the rollout's times are cut to milliseconds, and what is told is the end of it."""

_THREAD: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")

log = logging.getLogger("acd.codex")


class Ending(NamedTuple):
    """How a turn ended, where no hook tells."""

    word: str
    at: int
    """Unix nanoseconds."""


class Writer(NamedTuple):
    """Who writes a rollout: a session's main agent, or a subagent."""

    session_id: str
    subagent: str | None


class CodexEvidence:
    """Tells failed and interrupted turns, and the end of a shared process (source.py)."""

    version: str | None = None  # every version knows the same events

    def __init__(self, loop: asyncio.AbstractEventLoop, says: Says):
        self._loop = loop
        self._says = says
        self._watch: InotifyWatch | None = None
        self._rollouts: dict[Writer, Path] = {}  # of all who are followed
        self._told: dict[Writer, Ending] = {}
        self._due: dict[Writer, asyncio.TimerHandle] = {}
        self._processes = ProcessWatch(loop, self._ended)
        self._owners: dict[str, int] = {}  # the process that has a session loaded

    def follow(self, place: Place) -> None:
        """Begins to watch the session's rollout, and the process that has it loaded."""
        if place.transcript is None or not place.transcript.startswith("/"):
            return
        if place.subagent is None or _THREAD.fullmatch(place.subagent):
            self._follow_rollout(Writer(place.session_id, place.subagent), Path(place.transcript))
        if place.pid is not None:
            self._forget_owner(place.session_id)  # it has a process of its own, watched as such
        elif place.session_id not in self._owners:
            self._follow_owner(place)

    def take_up(self, place: Place) -> None:
        """Follows a session that nobody watched for a while; without its lock it has ended."""
        self.follow(place)
        if place.pid is None and place.transcript and place.session_id not in self._owners:
            lock = lock_path(place)
            if lock is not None and lock.parent.is_dir() and owners() is not None:
                self._says(place.session_id, "process", "ended", clock.now().wall)

    def forget(self, session_id: str) -> None:
        """Ends the watching of a session."""
        for writer in [each for each in self._rollouts if each.session_id == session_id]:
            self._forget_rollout(writer)
        self._forget_owner(session_id)

    def close(self) -> None:
        """Ends all watching."""
        for due in self._due.values():
            due.cancel()
        self._processes.close()
        if self._watch is not None:
            self._watch.close()

    # The rollout ----------------------------------------------------------

    def _follow_rollout(self, writer: Writer, path: Path) -> None:
        known = self._rollouts.get(writer)
        if known == path and self._watch is not None and path in self._watch:
            return
        if known not in {None, path}:
            self._forget_rollout(writer)
        self._rollouts[writer] = path
        try:
            check_ours(path)
            if self._watch is None:
                from acd.system.inotify import GROWTH, InotifyWatch  # loads ctypes: 3 ms

                self._watch = InotifyWatch(self._loop, self._grown, GROWTH)
            self._watch.watch(path)
        except OSError as error:
            # Not there yet, or no more watches: the session's next event tries again.
            log.debug("%s cannot be watched: %s", path, error.strerror or error)
        self._look_soon(writer)

    def _forget_rollout(self, writer: Writer) -> None:
        self._told.pop(writer, None)
        if (due := self._due.pop(writer, None)) is not None:
            due.cancel()
        path = self._rollouts.pop(writer, None)
        if path is not None and self._watch is not None and path not in self._rollouts.values():
            self._watch.unwatch(path)

    def _grown(self, path: Path, name: str) -> None:
        for writer, rollout in self._rollouts.items():
            if rollout == path:
                self._look_soon(writer)

    def _look_soon(self, writer: Writer) -> None:
        # What comes meanwhile is seen by the same look: a burst puts nothing off.
        if writer not in self._due:
            self._due[writer] = self._loop.call_later(SETTLE, self._look, writer)

    def _look(self, writer: Writer) -> None:
        self._due.pop(writer, None)
        with contextlib.suppress(OSError):
            ending = last_ending(read_tail(self._rollouts[writer]))
            if ending is not None and self._told.get(writer) != ending:
                self._told[writer] = ending
                self._says(writer.session_id, "registry", ending.word, ending.at, writer.subagent)

    # The writer's lock ----------------------------------------------------

    def _follow_owner(self, place: Place) -> None:
        lock = lock_path(place)
        pid = owner_of(lock) if lock is not None else None
        if lock is None or pid is None or self._processes.watch(pid) is None:
            return
        self._owners[place.session_id] = pid
        if owner_of(lock) != pid:  # it ended in between, and the pid may be another's
            self._forget_owner(place.session_id)

    def _forget_owner(self, session_id: str) -> None:
        pid = self._owners.pop(session_id, None)
        if pid is not None and pid not in self._owners.values():
            self._processes.unwatch(pid)

    def _ended(self, pid: int, start: int) -> None:
        for session_id, owner in list(self._owners.items()):
            if owner == pid:
                del self._owners[session_id]
                self._says(session_id, "process", "ended", clock.now().wall)


def check_ours(path: Path) -> None:
    """Raises OSError unless it is a regular file of ours, and no link."""
    if not is_own(path.lstat()):
        raise OSError("not a rollout")


def read_tail(path: Path) -> bytes:
    """The end of a rollout. Raises OSError for a file that is not ours."""
    with os.fdopen(open_own(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), TAIL, max(0, size - TAIL))


def last_ending(tail: bytes) -> Ending | None:
    """How the newest turn ended, where no hook tells: with an error, or interrupted.

    None while it goes on, when it ended as it should, and for anything unexpected.
    """
    # The last piece is a line that is not written to its end, and the first
    # one may be the end of a longer line.
    for line in reversed(tail.split(b"\n")[:-1]):
        record = _object(line)
        payload = record.get("payload") if record.get("type") == "event_msg" else None
        if not isinstance(payload, dict):
            continue
        match payload.get("type"):
            case "task_complete" if payload.get("error") is not None:
                return _ending("failed", record)
            case "turn_aborted":
                return _ending("aborted", record)
            case "task_started" | "task_complete":
                return None
    return None


def _ending(word: str, record: Json) -> Ending | None:
    told = record.get("timestamp")
    try:
        moment = datetime.fromisoformat(told) if isinstance(told, str) else None
        if moment is None or moment.tzinfo is None:
            return None
        at = round(moment.timestamp() * 1_000) * _MS + _MS - 1
    except (ValueError, OverflowError):
        return None
    return Ending(word, at) if 0 < at < 2**63 else None


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def lock_path(place: Place) -> Path | None:
    """The lock that the session's writer holds."""
    if place.config_dir is None or not place.config_dir.startswith("/"):
        return None
    if not _THREAD.fullmatch(place.session_id):
        return None
    return Path(place.config_dir, "thread-writer-locks", f"{place.session_id}.lock")


def owner_of(lock: Path) -> int | None:
    """The process that holds a lock (flock(2)), None where there is none or it cannot be told."""
    try:
        found = lock.lstat()
    except OSError:
        return None
    device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}"
    return (owners() or {}).get(f"{device}:{found.st_ino}")


def owners() -> dict[str, int] | None:
    """Who holds which file's flock, by `major:minor:inode` (proc_locks(5)); None without /proc."""
    try:
        lines = Path("/proc/locks").read_text("ascii").splitlines()
    except (OSError, ValueError):
        return None
    # A line with `->` is of one who waits for the lock.
    fields = (line.split() for line in lines if "FLOCK" in line and "->" not in line)
    return {each[5]: int(each[4]) for each in fields if len(each) >= 6 and each[4].isdigit()}
