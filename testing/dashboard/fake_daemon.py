"""A daemon whose clock the test sets: the real core and verbs, behind a real socket.

Responsible for scenes that take hours and are told in milliseconds. What is
about real daemons (activation, stops, processes) is tested with one.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from acd.daemon.commands import Commands
from acd.protocol import encode, parse_request, removed_line, state_line, update_line
from acd.sessions.metadata import Refused
from acd.sessions.store import Change, Rules, Store
from acd.sessions.values import NS, Now

# A quarter to noon of a Tuesday, in the zone in which the tests run.
BEGIN = 1_700_000_000


class Stage:
    """Sessions, a clock, and whoever has connected.

    `at` sets the clock, in minutes before now (the moment at which the
    scene is looked at); commands are lines of the protocol.
    """

    def __init__(self, place: Path):
        self.path = place / "s"
        self.now = Now(BEGIN * NS, 1_000_000 * NS)
        self._present = self.now
        self.store = Store(Rules(history_depth=50))
        self._commands = Commands(self.store, local_host="here", is_dir=lambda path: True)
        self.peers: set[asyncio.StreamWriter] = set()
        self._subscribers: set[asyncio.StreamWriter] = set()
        self.asked: list[str] = []
        """Every line that came over a connection."""
        self._server: asyncio.Server | None = None

    def clock(self) -> Now:
        """The clock, for who is tested."""
        return self.now

    @contextmanager
    def at(self, minutes_ago: float) -> Iterator[None]:
        """Says what follows so long before the present."""
        past = int(minutes_ago * 60 * NS)
        self.now = Now(self._present.wall - past, self._present.boot - past)
        try:
            yield
        finally:
            self.now = self._present

    def pass_time(self, seconds: float) -> None:
        """Moves the present."""
        step = int(seconds * NS)
        self._present = self.now = Now(self.now.wall + step, self.now.boot + step)

    def say(self, line: str) -> str:
        """A command; its reply. Subscribers are told."""
        try:
            request = parse_request(line)
            outcome = self._commands.handlers[type(request)](request, line, self.now)
            assert outcome is not None, line
            reply, changes, _ = outcome
        except Refused as refused:
            return f"ERR {refused}"
        for change in changes:
            pushed = self._push(change)
            for peer in self._subscribers:
                peer.write(encode([pushed]))
        return reply

    def set(self, session: str, status: str, **metadata: Any) -> None:
        """A SET."""
        reply = self.say(f"SET {session} {status} {json.dumps(metadata)}")
        assert reply == "OK", reply

    def tell(self, session: str, **facts: Any) -> None:
        """Facts that only hooks tell: pid, terminal, attended, host."""
        for name, value in facts.items():
            setattr(self.store.sessions[session], name, value)

    def connect(self) -> socket.socket:
        """What the dashboard calls to reach the daemon."""
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(str(self.path))
        except OSError:
            sock.close()
            raise
        return sock

    async def open(self) -> None:
        """From now on it can be reached."""
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def close(self) -> None:
        """Ends every connection, and takes no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.path.unlink(missing_ok=True)
        for peer in list(self.peers):
            peer.close()
        while self.peers:
            await asyncio.sleep(0)

    def _push(self, change: Change) -> str:
        session = change.session
        if change.kind == "removed":
            return removed_line(session.id)
        line = update_line(session.id, session.status, change.elapsed)
        return f"{line} {json.dumps(session.to_wire(self.now))}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peers.add(writer)
        try:
            while line := (await reader.readline()).decode().strip():
                self.asked.append(line)
                if line == "SUBSCRIBE json":
                    reply = state_line([each.to_wire(self.now) for each in self.store.list_all()])
                    self._subscribers.add(writer)
                else:
                    reply = self.say(line)
                writer.write(encode([reply]))
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self.peers.discard(writer)
            self._subscribers.discard(writer)
            writer.close()
