"""The wire protocol, version 1, without IO: lines, requests, replies and pushes.

docs/protocol.md specifies them. All are named tuples, because every command
defines these classes: 0.1 ms each, where a dataclass takes 0.6 ms.
"""

import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from acd.sessions.status import STATUSES, Status
from acd.sessions.values import Json, Refused

PROTOCOL_VERSION: Final = 1

_new = tuple.__new__  # makes a named tuple in half the time of its own constructor


class Text(NamedTuple):
    """What is only a text; the subclasses are its kinds."""

    text: str


class LineError(Text):
    """A received line that is invalid; the text is the reply after `ERR `."""


class LineDecoder:
    """Cuts a stream of bytes into UTF-8 lines, in bounded memory.

    A line of more than `max_line` bytes gives one LineError as soon as it is too
    long, and its rest is skipped. None: no limit, for the daemon's own lines.
    """

    def __init__(self, max_line: int | None):
        self._max_line = 1 << 62 if max_line is None else max_line
        self._tail = bytearray()
        self._is_skipping = False

    @property
    def is_inside_line(self) -> bool:
        """Whether the bytes so far end inside a line."""
        return bool(self._tail) or self._is_skipping

    def feed(self, data: bytes) -> list[str | LineError]:
        """Returns the lines that `data` completes, without `\\n` or `\\r\\n`. Raises nothing."""
        end = data.rfind(b"\n")
        if end < 0:
            return self._store_tail(data)
        block = data[:end]
        if self._is_skipping:
            self._is_skipping = False
            _, newline, block = block.partition(b"\n")
            lines = self._split(block) if newline else []
        elif self._tail:
            lines = self._split(bytes(self._tail) + block)
            self._tail.clear()
        else:
            lines = self._split(block)
        if len(data) > end + 1:
            lines += self._store_tail(data[end + 1 :])
        return lines

    def _store_tail(self, data: bytes) -> list[str | LineError]:
        if self._is_skipping:
            return []
        # One more byte may be the `\r` that is dropped.
        if len(self._tail) + len(data) > self._max_line + 1:
            self._tail.clear()
            self._is_skipping = True
            return [self._too_long()]
        self._tail += data
        return []

    def _split(self, block: bytes) -> list[Any]:
        try:
            text = block.decode()
        except UnicodeDecodeError:
            text = "\0"  # the check of each line below finds the invalid one
        # A block of many short lines may be longer than the limit.
        limit = self._max_line
        if "\0" in text or (len(block) > limit and max(map(len, block.split(b"\n"))) > limit):
            return [self._check(line) for line in block.split(b"\n")]
        if "\r" in text:
            return [line.removesuffix("\r") for line in text.split("\n")]
        return text.split("\n")

    def _too_long(self) -> LineError:
        return LineError(f"line too long: at most {self._max_line} bytes")

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


def encode(lines: list[str]) -> bytes:
    """Returns the lines as bytes to send. What UTF-8 cannot encode is escaped."""
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


class Set(NamedTuple):
    """Creates a session, or changes its status."""

    session_id: str
    status: Status
    metadata: str = ""
    """A JSON object, or nothing."""

    def format(self) -> str:
        line = f"SET {self.session_id} {self.status}"
        return f"{line} {self.metadata}" if self.metadata else line


class SessionRequest(NamedTuple):
    """A request whose only argument is a session; the subclasses are the verbs."""

    session_id: str

    def format(self) -> str:
        return f"{_VERBS[type(self)]} {self.session_id}"


class Close(SessionRequest):
    """Closes a session."""


class Delete(SessionRequest):
    """Removes a session and its history."""


class Get(SessionRequest):
    """Reads a session with its history, metadata and evidence."""


class History(SessionRequest):
    """Reads the transitions of a session."""


class Resurrect(SessionRequest):
    """Makes a closed session working again; the reply is the command that resumes its agent."""


class BareRequest(NamedTuple):
    """A request without arguments; the subclasses are the verbs."""

    def format(self) -> str:
        return _VERBS[type(self)]


class List(BareRequest):
    """Reads all sessions."""


class Info(BareRequest):
    """Reads facts about the daemon."""


class Ping(BareRequest):
    """Is answered with `OK`."""


class Stop(BareRequest):
    """Stops the daemon."""


class Record(BareRequest):
    """Starts pushes of the journal's records."""


class Subscribe(NamedTuple):
    """Reads all sessions, and starts pushes of their changes."""

    json: bool = False
    """Whether each UPDATE carries the session."""
    passive: bool = False
    """Whether the daemon may stop although the connection is open."""

    def format(self) -> str:
        return f"SUBSCRIBE{' json' if self.json else ''}{' passive' if self.passive else ''}"


class ApiUsage(NamedTuple):
    """Replaces what a session's agent has spent."""

    session_id: str
    usage: str
    """A JSON object."""

    def format(self) -> str:
        return f"API_USAGE {self.session_id} {self.usage}"


class Hook(NamedTuple):
    """Applies an event of an agent."""

    agent: str
    meta: str
    """A JSON object without whitespace."""
    event: str
    """A JSON object."""

    def format(self) -> str:
        return f"HOOK {self.agent} {self.meta} {self.event}"


Request = Set | SessionRequest | BareRequest | Subscribe | ApiUsage | Hook

USAGE: Final[dict[type[Request], str]] = {
    Set: "SET <session> <status> [metadata_json]",
    Close: "RM <session>",
    Delete: "DELETE <session>",
    Get: "GET <session>",
    History: "HISTORY <session>",
    List: "LIST",
    Subscribe: "SUBSCRIBE [json] [passive]",
    Resurrect: "RESURRECT <session>",
    ApiUsage: "API_USAGE <session> <json>",
    Hook: "HOOK <agent> <meta_json> <event_json>",
    Info: "INFO",
    Ping: "PING",
    Stop: "STOP",
    Record: "RECORD",
}
"""The form of each request; it begins with the verb."""
_VERBS: Final = {kind: usage.partition(" ")[0] for kind, usage in USAGE.items()}
_KINDS: Final = {verb: kind for kind, verb in _VERBS.items()}
_UNSPACED: Final = {Subscribe, Info, Ping, Stop, Record}
"""Requests whose verb any whitespace may precede and follow, since version 0.1.0."""


def parse_request(line: str) -> Request:
    """Reads a request. Raises Refused, whose text is the reply after `ERR `."""
    if line[:4] == "SET ":
        # Nearly every request is a SET: here without the calls of the others.
        words = line.split(None, 3)
        if len(words) < 3:
            raise _usage(Set)
        status = STATUSES.get(words[2])
        if status is None:
            raise Refused("invalid status")
        return _new(Set, (words[1], status, words[3] if len(words) > 3 else ""))
    verb, _, args = line.partition(" ")
    parse = _PARSERS.get(verb)
    return parse(args) if parse is not None else _parse_unusual(line)


def _parse_unusual(line: str) -> Request:
    """Reads a line that does not begin with a verb in capitals and a space."""
    verb, *args = line.split(None, 1) or [""]
    kind = _KINDS.get(verb.upper())
    if kind is None:
        raise Refused("unknown command")
    if kind not in _UNSPACED and not f"{line} ".startswith(f"{verb} "):
        raise _usage(kind)
    return _PARSERS[verb.upper()](args[0] if args else "")


def _usage(kind: type[Request]) -> Refused:
    return Refused(f"usage: {USAGE[kind]}")


def _parse_subscribe(args: str) -> Subscribe:
    words = args.lower().split()
    if words not in ([], ["json"], ["passive"], ["json", "passive"]):
        raise _usage(Subscribe)
    return Subscribe("json" in words, "passive" in words)


def _parser(kind: type[Any]) -> Callable[[str], Request]:
    """Returns a parser of one word for each field of a request."""
    count = len(kind._fields)
    # Only JSON, in the last of several fields, may contain whitespace.
    splits = count - 1 if count > 1 else -1

    def parse(args: str) -> Any:
        words = args.split(None, splits)
        if len(words) != count:
            raise _usage(kind)
        return _new(kind, words)

    return parse


_PARSERS: Final[dict[str, Callable[[str], Request]]] = {
    **{verb: _parser(kind) for verb, kind in _KINDS.items()},
    "SET": lambda args: parse_request(f"SET {args}"),
    "SUBSCRIBE": _parse_subscribe,
}


def ok_line(value: Any) -> str:
    return f"OK {json.dumps(value)}"


def err_line(text: object) -> str:
    return f"ERR {text}"


def state_line(sessions: list[Json]) -> str:
    return f"STATE {json.dumps(sessions)}"


def update_line(session_id: str, status: Status, elapsed: int) -> str:
    return f"UPDATE {session_id} {status} {elapsed}"


def removed_line(session_id: str) -> str:
    return f"REMOVED {session_id}"


def recorded_line(record: str) -> str:
    return f"RECORD {record}"


class Ok(Text):
    """The reply to a request that succeeded; the text is what follows `OK `."""

    def json(self) -> Any:
        """Parses the text. Raises ValueError."""
        try:
            return json.loads(self.text)
        except RecursionError:
            raise ValueError("nested too deeply") from None


class Err(Text):
    """The reply to a request that failed; the text is what follows `ERR `."""


class Snapshot(NamedTuple):
    """STATE: all sessions, as a reply or a push; it replaces everything received before."""

    sessions: list[Json]


class Update(NamedTuple):
    """A push: a session has changed."""

    session_id: str
    status: Status
    elapsed: int
    """Whole seconds in the previous status."""
    session: Json | None = None
    """The whole session, after `SUBSCRIBE json`."""


class Removed(NamedTuple):
    """A push: a session was deleted, or has expired."""

    session_id: str


class Recorded(Text):
    """A push after RECORD: the text is one record of the journal."""


class BadReply(Exception):
    """A received line is not of this protocol."""


Reply = Ok | Err | Snapshot
Message = Reply | Update | Removed | Recorded


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
                    return Snapshot(sessions)
            case "UPDATE":
                session_id, status, elapsed, *more = rest.split(" ", 3)
                session = json.loads(more[0]) if more else None
                if session is None or type(session) is dict:
                    return Update(session_id, STATUSES[status], int(elapsed), session)
            case "REMOVED":
                return Removed(rest)
            case "RECORD":
                return Recorded(rest)
    except (ValueError, KeyError, RecursionError):
        pass
    raise BadReply(f"not a line of protocol {PROTOCOL_VERSION}: {line[:80]!r}")
