"""Codex's observer: reads a session's rollout file, and finds the owner of its writer lock.

It reads regular files that belong to the user, and writes and locks nothing. Both kinds of
files are undocumented, so anything unexpected in them is ignored.

Measured on 0.169.0: the rollout is appended to line by line; the line that ends a failed turn
(`task_complete` with an `error`) follows 5 ms after the last hook, and `turn_aborted` 25 to
40 ms after Esc. A subagent has a rollout of its own; only its `turn_aborted` shows that the
user denied its permission request. A process holds a flock of
`<config dir>/thread-writer-locks/<session>.lock` while it has the session loaded: the one in
the terminal, or the shared server.
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

from acd.agents.codex.events import AGENT
from acd.agents.observer import OnObservation, WatchTarget
from acd.sessions.signals import OBSERVER, Observation, process_ended
from acd.sessions.values import Json
from acd.system import clock
from acd.system.guarded import is_own, open_own
from acd.system.process import ProcessWatch

if TYPE_CHECKING:
    from acd.system.inotify import InotifyWatch

TAIL: Final = 16_384
"""Bytes that are read at the end of a rollout; the lines of interest have about 450."""
SETTLE: Final = 0.03
"""Seconds in which a burst of lines is gathered into one read."""
_MS: Final = 1_000_000
"""Nanoseconds; the rollout's times are cut to milliseconds, and an ending has the last of one."""

_THREAD: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")

log = logging.getLogger("acd.codex")


class Ending(NamedTuple):
    """The end of a turn that no hook reports."""

    word: str
    at: int
    """Unix nanoseconds."""


class Writer(NamedTuple):
    """The agent that writes a rollout: a session's main agent, or a subagent."""

    session_id: str
    subagent: str | None


class CodexObserver:
    """Reports failed and interrupted turns, and the end of a shared process (AgentObserver)."""

    version: str | None = None  # every version has the same events

    def __init__(self, loop: asyncio.AbstractEventLoop, on_observation: OnObservation):
        self._loop = loop
        self._on_observation = on_observation
        self._watch: InotifyWatch | None = None
        self._rollouts: dict[Writer, Path] = {}  # followed
        self._reported: dict[Writer, Ending] = {}
        self._reads: dict[Writer, asyncio.TimerHandle] = {}
        self._processes = ProcessWatch(loop, self._ended)
        self._owners: dict[str, int] = {}  # the process that has a session loaded

    def follow(self, target: WatchTarget) -> None:
        """Begins to watch the session's rollout, and the process that has it loaded."""
        if target.transcript is None or not target.transcript.startswith("/"):
            return
        if target.subagent is None or _THREAD.fullmatch(target.subagent):
            writer = Writer(target.session_id, target.subagent)
            self._follow_rollout(writer, Path(target.transcript))
        if target.pid is not None:
            self._forget_owner(target.session_id)  # ObserverManager watches a process of its own
        elif target.session_id not in self._owners:
            self._follow_owner(target)

    def take_up(self, target: WatchTarget) -> None:
        """Follows a session that was not watched for a while; without its lock it has ended."""
        self.follow(target)
        if target.pid is None and target.transcript and target.session_id not in self._owners:
            lock = lock_path(target)
            if lock is not None and lock.parent.is_dir() and owners() is not None:
                self._on_observation(target.session_id, process_ended(clock.now().wall))

    def forget(self, session_id: str) -> None:
        """Ends the watching of a session."""
        for writer in [each for each in self._rollouts if each.session_id == session_id]:
            self._forget_rollout(writer)
        self._forget_owner(session_id)

    def close(self) -> None:
        """Ends all watching."""
        for read in self._reads.values():
            read.cancel()
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
            check_file(path)
            if self._watch is None:
                from acd.system.inotify import GROWTH, InotifyWatch  # loads ctypes: 3 ms

                self._watch = InotifyWatch(self._loop, self._grown, GROWTH)
            self._watch.watch(path)
        except OSError as error:
            # It does not exist yet, or the user has no more watches: the next event tries again.
            log.debug("%s cannot be watched: %s", path, error.strerror or error)
        self._schedule_read(writer)

    def _forget_rollout(self, writer: Writer) -> None:
        self._reported.pop(writer, None)
        if (read := self._reads.pop(writer, None)) is not None:
            read.cancel()
        path = self._rollouts.pop(writer, None)
        if path is not None and self._watch is not None and path not in self._rollouts.values():
            self._watch.unwatch(path)

    def _grown(self, path: Path, name: str) -> None:
        for writer, rollout in self._rollouts.items():
            if rollout == path:
                self._schedule_read(writer)

    def _schedule_read(self, writer: Writer) -> None:
        # A read that is due is not put off: it covers what is written until then.
        if writer not in self._reads:
            self._reads[writer] = self._loop.call_later(SETTLE, self._read, writer)

    def _read(self, writer: Writer) -> None:
        self._reads.pop(writer, None)
        with contextlib.suppress(OSError):
            ending = last_ending(read_tail(self._rollouts[writer]))
            if ending is None or self._reported.get(writer) == ending:
                return
            self._reported[writer] = ending
            word, at = ending
            kind = AGENT.observations[word]
            observation = Observation(OBSERVER, kind, word, at, writer.subagent)
            self._on_observation(writer.session_id, observation)

    # The writer's lock ----------------------------------------------------

    def _follow_owner(self, target: WatchTarget) -> None:
        lock = lock_path(target)
        pid = owner_of(lock) if lock is not None else None
        if lock is None or pid is None or self._processes.watch(pid) is None:
            return
        self._owners[target.session_id] = pid
        if owner_of(lock) != pid:  # it ended meanwhile, and another process may have its pid
            self._forget_owner(target.session_id)

    def _forget_owner(self, session_id: str) -> None:
        pid = self._owners.pop(session_id, None)
        if pid is not None and pid not in self._owners.values():
            self._processes.unwatch(pid)

    def _ended(self, pid: int, start: int) -> None:
        for session_id, owner in list(self._owners.items()):
            if owner == pid:
                del self._owners[session_id]
                self._on_observation(session_id, process_ended(clock.now().wall))


def check_file(path: Path) -> None:
    """Raises OSError unless the path is a regular file of the user's, and not a link."""
    if not is_own(path.lstat()):
        raise OSError("not a rollout")


def read_tail(path: Path) -> bytes:
    """The end of a rollout. Raises OSError unless it is a regular file of the user's."""
    with os.fdopen(open_own(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), TAIL, max(0, size - TAIL))


def last_ending(tail: bytes) -> Ending | None:
    """The newest turn's end in a rollout's last bytes, where it failed or was interrupted.

    None for a turn that still runs or ended normally, and for anything unexpected.
    """
    # The last part is an unfinished line, and the first may be the end of a longer one.
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
    timestamp = record.get("timestamp")
    try:
        moment = datetime.fromisoformat(timestamp) if isinstance(timestamp, str) else None
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


def lock_path(target: WatchTarget) -> Path | None:
    """The lock file of the session's writer; None for a directory or an id that is invalid."""
    if target.config_dir is None or not target.config_dir.startswith("/"):
        return None
    if not _THREAD.fullmatch(target.session_id):
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
