"""All connections of a daemon: who they are, and what they are told.

Responsible for who is connected and who subscribes, for the order of what is
sent, and for the verbs that are about connections. It refuses to know what a
command does to sessions (commands.py), how one connection keeps its pace
(connection.py) and when the daemon ends (daemon.py).

One turn is a batch of lines of one connection: they are applied, written to
the journal, answered and pushed, in this order, before anybody else's turn.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable
from itertools import islice
from typing import Final, cast

from acd.config import LimitsConfig
from acd.daemon.commands import USAGE, Commands, Outcome
from acd.daemon.connection import Connection, peer_uid
from acd.protocol import LineError, encode, removed_line, state_line, update_line
from acd.sessions import recording
from acd.sessions.metadata import Refused
from acd.sessions.store import Change, Store
from acd.sessions.values import NS, Json, Now

TURN: Final = 64
"""Lines of one connection that are served before others have their turn."""

_OK: Final = encode(["OK"])

log = logging.getLogger("acd.server")


class Turn:
    """What one batch of lines has come to so far.

    `told` are the lines for subscribers, plain and with JSON, made while the
    sessions are as the lines say; None while nobody subscribes.
    """

    __slots__ = ("changes", "now", "records", "replies", "told")

    def __init__(self, now: Now):
        self.now = now
        self.replies: list[str] = []
        self.records: list[str] = []
        self.changes: list[Change] = []
        self.told: tuple[list[str], list[str]] | None = None


class Server:
    """All connections of one daemon.

    `info` completes the answer to INFO, `stop` ends the daemon for a reason,
    `changed` is called with what a turn changed, after everybody was told, and
    with nothing when a subscriber comes or goes; `left` when there may be
    nobody any more who needs the daemon.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        store: Store,
        commands: Commands,
        journal: recording.RecordWriter,
        clock: Callable[[], Now],
        *,
        info: Callable[[], Json],
        stop: Callable[[str], None],
        changed: Callable[[list[Change]], None],
        left: Callable[[], None],
    ):
        self.loop = loop
        self._uid = os.getuid()
        self._store = store
        self._handlers = commands.handlers
        self._journal = journal
        self.now = clock
        self._info = info
        self._stop = stop
        self._changed = changed
        self._left = left
        self._verbs: dict[str, Callable[[Connection, str, Now], str]] = {
            "SUBSCRIBE": self._subscribe,
            "INFO": self._tell_info,
            "PING": lambda connection, args, now: "OK",
            "STOP": self._begin_stop,
            "RECORD": self._record,
        }
        self.limits = LimitsConfig()
        self.connections: set[Connection] = set()
        self.passive = 0
        """Connections that do not keep the daemon from its idle stop."""
        self.last_active = loop.time()
        """When somebody last went or said something, on the loop's clock. That a passive
        subscriber comes or goes does not count."""
        self._active_before = self.last_active
        self.heard = 0
        """Moves with every connection and every turn."""
        # Those who are told at once; who reads too slowly is not among them.
        self._plain: dict[Connection, Callable[[bytes], None]] = {}
        self._json: dict[Connection, Callable[[bytes], None]] = {}
        self._recorders: set[Connection] = set()
        self.epoch = 0
        """Moves with everything that is recorded; who slept through it needs a new picture."""
        self._picture: tuple[int, int, str] = (-1, 0, "")

    @property
    def subscribers(self) -> int:
        """Connections that are told of changes, slow ones included."""
        return sum(connection.subscription is not None for connection in self.connections)

    @property
    def is_needed(self) -> bool:
        """Whether somebody is connected who keeps the daemon from its idle stop."""
        return len(self.connections) > self.passive

    # Connections --------------------------------------------------------

    def welcome(self, connection: Connection) -> str | None:
        """Takes a new connection in, or says why not."""
        self.heard += 1
        uid = peer_uid(connection.transport)
        if uid != self._uid:
            log.warning("a connection of user %s was refused", uid)
            return "permission denied: this daemon serves its own user only"
        if len(self.connections) >= self.limits.max_connections:
            log.warning("a connection was refused: there are %d", len(self.connections))
            return f"too many connections: at most {self.limits.max_connections}"
        self.connections.add(connection)
        return None

    def dismiss(self, connection: Connection) -> None:
        """The connection is gone."""
        if connection in self.connections:
            self.connections.remove(connection)
            if connection in self._recorders:
                self._end_recording(connection)
            if not connection.passive:
                self.last_active = self.loop.time()
            if connection.subscription is not None:
                self.withdraw(connection)
                self._changed([])
            self._left()

    # Turns --------------------------------------------------------------

    def run(self, connection: Connection, lines: list[str | LineError]) -> int:
        """One turn: applies lines and answers them; returns how many it came to.

        A turn ends early when its replies fill the output buffer: a reply can
        be a thousand times as long as its request.
        """
        now = self.now()
        self._active_before = self.last_active
        self.last_active = self.loop.time()
        self.heard += 1
        if len(lines) == 1 and not self._plain and not self._json:
            # The usual turn, without the lists that only longer ones need.
            outcome = self._answer(lines[0], now)
            if outcome is not None:
                reply, changes, record = outcome
                if record is not None:
                    self._journal.append([record], now)
                    self.epoch += 1
                connection.transport.write(_OK if reply == "OK" else encode([reply]))
                if changes:
                    self._changed(changes)
                return 1
        turn = Turn(now)
        served = 0
        room = self.limits.output_buffer
        for line in islice(lines, TURN):
            outcome = self._answer(line, now)
            if outcome is None:
                own_reply = self._answer_own(connection, turn, str(line))
                outcome = own_reply, [], None  # only now: replies is another list
            reply, changes, record = outcome
            turn.replies.append(reply)
            if record is not None:
                turn.records.append(record)
            if changes:
                self._describe(turn, changes, connection)
            served += 1
            room -= len(reply)
            if room < 0:
                break
        self._settle(turn, connection)
        return served

    def _answer(self, line: str | LineError, now: Now) -> Outcome | None:
        """What a line comes to; None for a verb that is about connections."""
        if type(line) is not str:
            return f"ERR {cast(LineError, line).text}", [], None
        verb, _, args = line.partition(" ")
        handler = self._handlers.get(verb) or self._handlers.get(verb.upper())
        if handler is None:
            return None
        try:
            return handler(args, line, now)
        except Refused as refused:
            return f"ERR {refused}", [], None
        except Exception:
            # A bug. asyncio would end the connection, whose other lines are not to blame.
            log.exception("a %s request could not be served", verb.upper())
            return "ERR internal error: the log of the daemon holds the traceback", [], None

    def _answer_own(self, connection: Connection, turn: Turn, line: str) -> str:
        """The reply of a verb that is about connections."""
        verb, *args = line.split(None, 1) or [""]
        own = self._verbs.get(verb.upper())
        if own is None:
            if verb.upper() in self._handlers:  # separated by something else than a space
                return f"ERR usage: {USAGE[verb.upper()]}"
            return "ERR unknown command"
        if args and verb.upper() != "SUBSCRIBE":
            return f"ERR usage: {verb.upper()}"
        # What came before is told to those who were there before.
        self._settle(turn, connection)
        try:
            return own(connection, args[0] if args else "", turn.now)
        except Refused as refused:
            return f"ERR {refused}"

    def apply(self, changes: list[Change], records: list[str], now: Now) -> None:
        """A turn without a connection: what time or evidence changed, at that moment."""
        turn = Turn(now)
        turn.records += records
        if changes:
            self._describe(turn, changes, None)
        self._settle(turn, None)

    def _describe(self, turn: Turn, changes: list[Change], own: Connection | None) -> None:
        """Puts changes into the lines that subscribers get, while they are fresh."""
        turn.changes += changes
        subscription = own.subscription if own is not None else None
        if not self._plain and not self._json and subscription is None:
            return
        if turn.told is None:
            turn.told = ([], [])
        told_plain, told_whole = turn.told
        for kind, session, elapsed in changes:
            if kind == "removed":
                plain = whole = removed_line(session.id)
            else:
                plain = whole = update_line(session.id, session.status, elapsed)
                if self._json or subscription == "json":
                    whole = f"{plain} {json.dumps(session.to_wire(turn.now))}"
            told_plain.append(plain)
            told_whole.append(whole)
            # Among its own replies, so that their order is the order of events.
            if subscription is not None:
                turn.replies.append(whole if subscription == "json" else plain)

    def _settle(self, turn: Turn, own: Connection | None) -> None:
        """Journal first, then the replies, then everybody else."""
        if turn.records:
            self._journal.append(turn.records, turn.now)
            self.epoch += 1
            turn.records = []
        if turn.replies and own is not None:
            own.transport.write(_OK if turn.replies == ["OK"] else encode(turn.replies))
            turn.replies = []
        if turn.changes:
            if turn.told is not None:
                plain, whole = turn.told
                if self._plain:
                    _push(self._plain, encode(plain), own)
                if self._json:
                    _push(self._json, encode(whole), own)
                turn.told = None
            self._changed(turn.changes)
            turn.changes = []

    # Verbs --------------------------------------------------------------

    def _subscribe(self, connection: Connection, args: str, now: Now) -> str:
        words = args.lower().split()
        if words not in ([], ["json"], ["passive"], ["json", "passive"]):
            raise Refused("usage: SUBSCRIBE [json] [passive]")
        self.withdraw(connection)
        connection.subscription = "json" if "json" in words else "plain"
        connection.passive = "passive" in words
        self.passive += connection.passive
        if connection.passive:
            # A status bar that looks every few seconds needs nobody to stay for it.
            self.last_active = self._active_before
            self._left()
        # Nothing more until all is read: then what is held is one picture at most.
        connection.transport.set_write_buffer_limits(high=self.limits.output_buffer, low=0)
        self.enroll(connection)
        self._changed([])  # how many subscribe is told, too
        return self.picture(now)

    def enroll(self, connection: Connection) -> None:
        """From now on the subscriber is told of every change, once it reads what it has."""
        if connection.is_full:
            return
        told = self._json if connection.subscription == "json" else self._plain
        told[connection] = connection.transport.write

    def suspend(self, connection: Connection) -> None:
        """The subscriber gets nothing more until it has read what it has."""
        if connection in self._recorders:
            # A recording with a gap would be worse than none.
            self._end_recording(connection)
            connection.send(encode(["ERR the recording is read too slowly"]))
            connection.transport.close()
        self._silence(connection)

    def _silence(self, connection: Connection) -> None:
        self._plain.pop(connection, None)
        self._json.pop(connection, None)

    def withdraw(self, connection: Connection) -> None:
        """The connection is no subscriber any more."""
        self._silence(connection)
        self.passive -= connection.passive
        connection.subscription, connection.passive = None, False

    def picture(self, now: Now) -> str:
        """The STATE line; made once for all who ask within a second of nothing happening."""
        epoch, second, line = self._picture
        if (epoch, second) != (self.epoch, now.boot // NS):
            line = state_line([session.to_wire(now) for session in self._store.list_all()])
            self._picture = (self.epoch, now.boot // NS, line)
        return line

    def _record(self, connection: Connection, args: str, now: Now) -> str:
        """Begins to push the evidence as it arrives, without texts."""
        if not self._recorders:
            self._journal = recording.Tap(self._journal, self._push_evidence)
        self._recorders.add(connection)
        begin = [f"RECORD {line}" for line in recording.snapshot(self._store, now)]
        return "\n".join(["OK", *begin])

    def _push_evidence(self, lines: list[str]) -> None:
        data = encode([f"RECORD {line}" for line in lines])
        for connection in list(self._recorders):
            connection.transport.write(data)

    def _end_recording(self, connection: Connection) -> None:
        self._recorders.remove(connection)
        if not self._recorders and isinstance(self._journal, recording.Tap):
            self._journal = self._journal.inner

    def _tell_info(self, connection: Connection, args: str, now: Now) -> str:
        counts = {
            "connections": len(self.connections),
            "subscribers": self.subscribers,
        }
        return f"OK {json.dumps(self._info() | counts)}"

    def _begin_stop(self, connection: Connection, args: str, now: Now) -> str:
        self._stop("a client asked for it")
        return "OK"


def _push(
    told: dict[Connection, Callable[[bytes], None]], data: bytes, own: Connection | None
) -> None:
    # A copy: a write can find that a subscriber is too slow, and take it out.
    for connection, write in list(told.items()):
        if connection is not own:
            write(data)
