"""All connections of a daemon, the batches of their lines, and the requests about connections.

The lines of a batch are of one connection: they are applied, written to the journal,
answered and pushed, in this order, before the batch of any other connection.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final, cast

from acd.config import LimitsConfig
from acd.daemon.commands import Commands, Outcome
from acd.daemon.connection import Connection, peer_uid
from acd.daemon.recorders import Recorders
from acd.daemon.subscribers import Pushes, Subscribers
from acd.protocol import (
    Info,
    LineError,
    Record,
    Request,
    Stop,
    Subscribe,
    encode,
    err_line,
    ok_line,
    parse_request,
)
from acd.sessions import recording
from acd.sessions.store import Change, Store
from acd.sessions.values import Json, Now, Refused

BATCH_LINES: Final = 64
"""The most lines of one connection that are served before those of other connections."""

_OK: Final = encode(["OK"])

log = logging.getLogger("acd.server")


class Batch:
    """The results of lines of one connection that are not sent yet."""

    __slots__ = ("changes", "now", "pushes", "records", "replies")

    def __init__(self, now: Now):
        self.now = now
        self.replies: list[str] = []
        self.records: list[str] = []
        self.changes: list[Change] = []
        self.pushes = Pushes()


class Server:
    """All connections of one daemon.

    `info` returns the facts that INFO shows beside the server's own; `stop`
    stops the daemon for a reason; `changed` is called with the changes of a
    batch after they were pushed, and with none when the number of subscribers
    changes; `left` when the last connection that needs the daemon may be gone.
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
        self._handlers = commands.handlers
        self._own_handlers: Mapping[type[Request], Callable[[Any, Connection, Now], str]] = {
            Subscribe: self._subscribe,
            Record: lambda request, connection, now: self._recorders.add(connection, now),
            Info: self._describe,
            Stop: self._begin_stop,
        }
        """Each returns the reply to a request about its connection or the daemon."""
        self._clock = clock
        self._info = info
        self._stop = stop
        self._changed = changed
        self._left = left
        self.limits = LimitsConfig()
        self.connections: set[Connection] = set()
        self._subscribers = Subscribers(store)
        self._recorders = Recorders(store, journal)
        self.last_active = loop.time()
        """When a connection last ended or sent a line, on the loop's clock; passive
        subscribers do not count."""
        self._active_before = self.last_active
        self.progress = 0
        """Counts connections and batches."""

    @property
    def subscribers(self) -> int:
        """The number of subscribers, paused ones included."""
        return len(self._subscribers.requests)

    @property
    def is_needed(self) -> bool:
        """Whether a connection keeps the daemon from its idle stop."""
        return len(self.connections) > self._subscribers.passive

    # Connections --------------------------------------------------------

    def accept(self, connection: Connection) -> str | None:
        """Adds a new connection; returns the reason if it is refused."""
        self.progress += 1
        uid = peer_uid(connection.transport)
        if uid != self._uid:
            log.warning("a connection of user %s was refused", uid)
            return "permission denied: this daemon serves its own user only"
        if len(self.connections) >= self.limits.max_connections:
            log.warning("a connection was refused: there are %d", len(self.connections))
            return f"too many connections: at most {self.limits.max_connections}"
        self.connections.add(connection)
        return None

    def remove(self, connection: Connection) -> None:
        """Removes a connection that has ended; does nothing for one that was refused."""
        if connection not in self.connections:
            return
        self.connections.remove(connection)
        self._recorders.remove(connection)
        request = self._subscribers.unsubscribe(connection)
        if request is None or not request.passive:
            self.last_active = self.loop.time()
        if request is not None:
            self._changed([])
        self._left()

    def pause(self, connection: Connection) -> None:
        """Stops pushes to a connection that reads too slowly; ends its recording."""
        self._recorders.pause(connection)
        self._subscribers.pause(connection)

    def resume(self, connection: Connection) -> None:
        """Resumes pushes to a connection that has read everything."""
        self._subscribers.resume(connection, self._clock())

    # Batches ------------------------------------------------------------

    def run(self, connection: Connection, lines: list[str | LineError]) -> int:
        """Serves one batch; returns how many of the lines it has served.

        It ends early when its replies fill the output buffer: a reply can
        be a thousand times as long as its request.
        """
        now = self._clock()
        self._active_before = self.last_active
        self.last_active = self.loop.time()
        self.progress += 1
        subscribers = self._subscribers.requests
        if len(lines) == 1 and not subscribers:
            # The usual batch, without the lists of a longer one.
            reply, changes, record = self._answer(lines[0], now, connection, None)
            if record is not None:
                self._recorders.output.append([record], now)
                self._subscribers.epoch += 1
            connection.transport.write(_OK if reply == "OK" else encode([reply]))
            if changes:
                self._changed(changes)
            return 1
        batch = Batch(now)
        replies, records = batch.replies, batch.records
        served = 0
        room = self.limits.output_buffer
        for line in islice(lines, BATCH_LINES):
            reply, changes, record = self._answer(line, now, connection, batch)
            replies.append(reply)
            if record is not None:
                records.append(record)
            if changes:
                batch.changes += changes
                if subscribers:
                    # Its own pushes go among its replies: in the order of the changes.
                    replies += self._subscribers.format(changes, now, connection, batch.pushes)
            served += 1
            room -= len(reply)
            if room < 0:
                break
        self._flush(batch, connection)
        return served

    def _answer(
        self, line: str | LineError, now: Now, connection: Connection, batch: Batch | None
    ) -> Outcome:
        """Carries out one line; `batch` holds the results of earlier ones."""
        if type(line) is not str:
            return err_line(cast(LineError, line).text), [], None
        try:
            request = parse_request(line)
            outcome = self._handlers[type(request)](request, line, now)
            if outcome is None:
                if batch is not None:
                    # Earlier lines are pushed to the subscribers of their time.
                    self._flush(batch, connection)
                outcome = self._own_handlers[type(request)](request, connection, now), [], None
            return outcome
        except Refused as refused:
            return err_line(refused), [], None
        except Exception:
            # A bug. asyncio would end the connection, and fail its other requests too.
            log.exception("a %s request could not be served", line.partition(" ")[0].upper())
            return err_line("internal error: the log of the daemon holds the traceback"), [], None

    def apply(self, changes: list[Change], records: list[str], now: Now) -> None:
        """Records and pushes changes without a request: by a timer or an observation."""
        batch = Batch(now)
        batch.records += records
        batch.changes += changes
        self._subscribers.format(changes, now, None, batch.pushes)
        self._flush(batch, None)

    def _flush(self, batch: Batch, own: Connection | None) -> None:
        """Writes the journal first, then the replies, then the pushes."""
        if batch.records:
            self._recorders.output.append(batch.records, batch.now)
            self._subscribers.epoch += 1
            batch.records.clear()
        if batch.replies and own is not None:
            own.transport.write(_OK if batch.replies == ["OK"] else encode(batch.replies))
            batch.replies.clear()
        if batch.changes:
            self._subscribers.publish(batch.pushes, own)
            self._changed(batch.changes)
            batch.changes.clear()

    # Requests about connections -----------------------------------------

    def _describe(self, request: Info, connection: Connection, now: Now) -> str:
        counts = {"connections": len(self.connections), "subscribers": self.subscribers}
        return ok_line(self._info() | counts)

    def _begin_stop(self, request: Stop, connection: Connection, now: Now) -> str:
        self._stop("a client sent STOP")
        return "OK"

    def _subscribe(self, request: Subscribe, connection: Connection, now: Now) -> str:
        # With low=0 nothing more is written until all is read: at most one
        # snapshot waits then.
        connection.transport.set_write_buffer_limits(high=self.limits.output_buffer, low=0)
        self._subscribers.subscribe(connection, request)
        if request.passive:
            # A status bar that subscribes every few seconds does not delay the idle stop.
            self.last_active = self._active_before
            self._left()
        self._changed([])  # the number of subscribers is shown
        return self._subscribers.snapshot(now)
