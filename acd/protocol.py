"""The wire protocol, version 1, without IO: bytes in, lines out, bytes to send.

Responsible for cutting a byte stream into lines within a limit, and for the
forms of replies and pushes; server and clients share it. It refuses to know
sockets, and what a command does.

"Need more" is an empty list, a line that cannot be taken is a LineError
value in its place; nothing is raised, whatever bytes arrive.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from acd.sessions.status import STATUSES, Status
from acd.sessions.values import Json

PROTOCOL_VERSION: Final = 1
MAX_LINE: Final = 65_536
"""Bytes of a request, its line end not counted."""
_NO_LIMIT: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class LineError:
    """A line that was received and cannot be taken; the text is the reply behind `ERR `."""

    text: str


class LineDecoder:
    """Cuts a stream of bytes into UTF-8 lines, in bounded memory.

    `max_line` is in bytes; a longer line is reported once, as soon as it is
    too long, and skipped to its end. None is for clients, who trust the
    daemon's lines to be as long as its state.
    """

    def __init__(self, max_line: int | None):
        self._max_line = _NO_LIMIT if max_line is None else max_line
        self._tail = bytearray()
        self._skipping = False

    @property
    def is_inside_line(self) -> bool:
        """Whether the bytes so far end in the middle of a line."""
        return bool(self._tail) or self._skipping

    def feed(self, data: bytes) -> list[str | LineError]:
        """The lines that these bytes complete, without their ends (`\\n` or `\\r\\n`)."""
        end = data.rfind(b"\n")
        if end < 0:
            return self._hold(data)
        block = data[:end]
        if self._skipping:
            self._skipping = False
            _, newline, block = block.partition(b"\n")
            lines = self._split(block) if newline else []
        elif self._tail:
            lines = self._split(bytes(self._tail) + block)
            self._tail.clear()
        else:
            lines = self._split(block)
        if len(data) > end + 1:
            lines += self._hold(data[end + 1 :])
        return lines

    def _hold(self, data: bytes) -> list[str | LineError]:
        if self._skipping:
            return []
        # One more byte may be the `\r` that is dropped.
        if len(self._tail) + len(data) > self._max_line + 1:
            self._tail.clear()
            self._skipping = True
            return [self._too_long()]
        self._tail += data
        return []

    def _split(self, block: bytes) -> list[str | LineError]:
        try:
            text = block.decode()
        except UnicodeDecodeError:
            text = "\0"  # the way of the exceptions below finds the line
        # Many short lines, pipelined, may be longer together.
        if "\0" in text or (len(block) > self._max_line and self._has_long_line(block)):
            return [self._check(line) for line in block.split(b"\n")]
        if "\r" in text:
            return [line.removesuffix("\r") for line in text.split("\n")]
        lines: list[Any] = text.split("\n")
        return lines

    def _has_long_line(self, block: bytes) -> bool:
        return max(map(len, block.split(b"\n"))) > self._max_line

    def _check(self, line: bytes) -> str | LineError:
        line = line.removesuffix(b"\r")
        if len(line) > self._max_line:
            return self._too_long()
        if b"\0" in line:
            return LineError("NUL byte in the line")
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            return LineError(f"not UTF-8 at byte {error.start + 1} of the line")

    def _too_long(self) -> LineError:
        return LineError(f"line too long: at most {self._max_line} bytes")


def encode(lines: list[str]) -> bytes:
    """Lines as bytes to send. What cannot be encoded is escaped rather than lost."""
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def state_line(sessions: list[Json]) -> str:
    """The reply to LIST and SUBSCRIBE."""
    return f"STATE {json.dumps(sessions)}"


def update_line(session_id: str, status: Status, elapsed: int) -> str:
    """The push for a session that has changed."""
    return f"UPDATE {session_id} {status} {elapsed}"


def removed_line(session_id: str) -> str:
    """The push for a session that was deleted or has expired."""
    return f"REMOVED {session_id}"


@dataclass(frozen=True, slots=True)
class Ok:
    """The reply to a request that was carried out; `text` is what follows `OK `."""

    text: str

    def json(self) -> Any:
        """The reply's JSON. Raises ValueError."""
        try:
            return json.loads(self.text)
        except RecursionError:
            raise ValueError("nested too deeply") from None


@dataclass(frozen=True, slots=True)
class Err:
    """The reply to a request that was not carried out; `text` is what follows `ERR `."""

    text: str


@dataclass(frozen=True, slots=True)
class State:
    """The whole picture: a reply, and the push after which all earlier ones are history."""

    sessions: list[Json]


@dataclass(frozen=True, slots=True)
class Update:
    """A session that has changed."""

    session_id: str
    status: Status
    elapsed: int
    """Whole seconds in the previous status."""
    session: Json | None = None
    """All of it, for subscribers who asked for JSON."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A session that is no more."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record of the evidence, after RECORD."""

    line: str


class BadReply(Exception):
    """A line from the daemon's side that is not of this protocol."""


Message = Ok | Err | State | Update | Removed | Recorded


def parse_message(line: str) -> Message:
    """Reads a line from the daemon. Raises BadReply."""
    word, _, rest = line.partition(" ")
    try:
        match word:
            case "OK":
                return Ok(rest)
            case "ERR":
                return Err(rest)
            case "STATE":
                sessions = json.loads(rest)
                if type(sessions) is list and all(type(each) is dict for each in sessions):
                    return State(sessions)
            case "UPDATE":
                session_id, status, elapsed, *session = rest.split(" ", 3)
                whole = json.loads(session[0]) if session else None
                if whole is None or type(whole) is dict:
                    return Update(session_id, STATUSES[status], int(elapsed), whole)
            case "REMOVED":
                return Removed(rest)
            case "RECORD":
                return Recorded(rest)
    except (ValueError, KeyError, RecursionError):
        pass
    raise BadReply(f"not a line of protocol {PROTOCOL_VERSION}: {line[:80]!r}")


def set_request(session_id: str, status: str, metadata: Json | None = None) -> str:
    """A SET line."""
    tail = f" {json.dumps(metadata)}" if metadata else ""
    return f"SET {session_id} {status}{tail}"
