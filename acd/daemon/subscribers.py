"""SUBSCRIBE: the connections that get pushes, and what is pushed to them."""

from __future__ import annotations

import json
from collections.abc import Callable

from acd.daemon.connection import Connection
from acd.protocol import Subscribe, encode, removed_line, state_line, update_line
from acd.sessions.store import Change, Store
from acd.sessions.values import NS, Now

Writers = dict[Connection, Callable[[bytes], None]]


class Pushes:
    """Lines for the subscribers that are not written yet, one of each form for a change."""

    __slots__ = ("json", "plain")

    def __init__(self) -> None:
        self.plain: list[str] = []
        self.json: list[str] = []


class Subscribers:
    """All subscribers.

    A subscriber that reads too slowly is paused: it gets no pushes until it has
    read everything, and then one new snapshot.
    """

    def __init__(self, store: Store):
        self._store = store
        self.requests: dict[Connection, Subscribe] = {}
        """Every subscriber, paused ones included."""
        self._plain: Writers = {}
        self._json: Writers = {}
        self._paused: dict[Connection, int] = {}
        """The epoch at which each was paused."""
        self.passive = 0
        """Subscribers that do not keep the daemon from its idle stop."""
        self.epoch = 0
        """Grows with every record; a snapshot of an earlier epoch is outdated."""
        self._snapshot: tuple[int, int, str] = (-1, 0, "")

    def subscribe(self, connection: Connection, request: Subscribe) -> None:
        """Starts pushes, in place of an earlier subscription of the connection."""
        self.unsubscribe(connection)
        self.requests[connection] = request
        self.passive += request.passive
        if connection.is_full:
            self._paused[connection] = self.epoch
        else:
            self._start_writing(connection)

    def unsubscribe(self, connection: Connection) -> Subscribe | None:
        """Ends the subscription; returns it, or None if there was none."""
        request = self.requests.pop(connection, None)
        if request is not None:
            self.passive -= request.passive
            self._stop_writing(connection)
            self._paused.pop(connection, None)
        return request

    def pause(self, connection: Connection) -> None:
        """Stops pushes until `resume`."""
        if connection in self.requests:
            self._stop_writing(connection)
            self._paused[connection] = self.epoch

    def resume(self, connection: Connection, now: Now) -> None:
        """Starts pushes again, with a snapshot if the subscriber has missed anything."""
        epoch = self._paused.pop(connection, None)
        if epoch is None:
            return
        self._start_writing(connection)
        if epoch != self.epoch:
            connection.send(encode([self.snapshot(now)]))

    def _start_writing(self, connection: Connection) -> None:
        writers = self._json if self.requests[connection].json else self._plain
        writers[connection] = connection.transport.write

    def _stop_writing(self, connection: Connection) -> None:
        self._plain.pop(connection, None)
        self._json.pop(connection, None)

    def snapshot(self, now: Now) -> str:
        """Returns the STATE line. It is made once for each second without changes."""
        epoch, second, line = self._snapshot
        if (epoch, second) != (self.epoch, now.boot // NS):
            sessions = [session.to_wire(now) for session in self._store.list_all()]
            line = state_line(sessions)
            self._snapshot = (self.epoch, now.boot // NS, line)
        return line

    def format(
        self, changes: list[Change], now: Now, own: Connection | None, pushes: Pushes
    ) -> list[str]:
        """Adds the lines for `changes` to `pushes`, while the sessions are as changed.

        Returns the lines for `own`, the connection that made the changes, which
        `publish` leaves out; none if it is no subscriber. Adds nothing without a reader.
        """
        request = self.requests.get(own) if own is not None else None
        has_json = bool(self._json) or (request is not None and request.json)
        if not has_json and not self._plain and request is None:
            return []
        plain, whole = pushes.plain, pushes.json
        earlier = len(plain)
        for kind, session, elapsed in changes:
            if kind == "removed":
                line = more = removed_line(session.id)
            else:
                line = more = update_line(session.id, session.status, elapsed)
                if has_json:
                    more = f"{line} {json.dumps(session.to_wire(now))}"
            plain.append(line)
            whole.append(more)
        if request is None:
            return []
        return (whole if request.json else plain)[earlier:]

    def publish(self, pushes: Pushes, own: Connection | None) -> None:
        """Writes pushes to every subscriber that is not paused, except `own`; empties them."""
        if not pushes.plain:
            return
        if self._plain:
            _write(self._plain, encode(pushes.plain), own)
        if self._json:
            _write(self._json, encode(pushes.json), own)
        pushes.plain.clear()
        pushes.json.clear()


def _write(writers: Writers, data: bytes, own: Connection | None) -> None:
    # A copy: a write can fill a buffer, which pauses that subscriber.
    for connection, write in list(writers.items()):
        if connection is not own:
            write(data)
