"""Watches the rollouts of Codex's sessions for turns that fail or are interrupted.

A rollout is the undocumented file of a session, or of one of its subagents; anything unexpected
in it is ignored. Measured on 0.169.0: it is appended to line by line; the line that ends a failed
turn (`task_complete` with an `error`) follows 5 ms after the last hook, and `turn_aborted` 25 to
40 ms after Esc. In a subagent's rollout, only `turn_aborted` shows that the user denied its
permission request.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acd.sessions.values import Json
from acd.system.guarded import is_own, open_own

if TYPE_CHECKING:
    from acd.system.inotify import InotifyWatch

TAIL: Final = 16_384
"""Bytes that are read at the end of a rollout; the lines of interest have about 450."""
SETTLE: Final = 0.03
"""Seconds in which a burst of lines is gathered into one read."""
_MS: Final = 1_000_000
"""Nanoseconds; the rollout's times are cut to milliseconds, and an ending has the last of one."""

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


class RolloutWatch:
    """Watches rollouts; calls `on_ending` once for each new ending of a failed or aborted turn."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_ending: Callable[[Writer, Ending], None]
    ):
        self._loop = loop
        self._on_ending = on_ending
        self._watch: InotifyWatch | None = None
        self._rollouts: dict[Writer, Path] = {}
        self._reported: dict[Writer, Ending] = {}
        self._reads: dict[Writer, asyncio.TimerHandle] = {}

    def follow(self, writer: Writer, path: Path) -> None:
        """Begins to watch the writer's rollout, in place of an earlier one, and reads it."""
        known = self._rollouts.get(writer)
        if known == path and self._watch is not None and path in self._watch:
            return
        if known not in {None, path}:
            self._forget(writer)
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

    def forget(self, session_id: str) -> None:
        """Ends the watching of a session's rollouts."""
        for writer in [each for each in self._rollouts if each.session_id == session_id]:
            self._forget(writer)

    def close(self) -> None:
        """Ends all watching."""
        for read in self._reads.values():
            read.cancel()
        if self._watch is not None:
            self._watch.close()

    def _forget(self, writer: Writer) -> None:
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
            self._on_ending(writer, ending)


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
