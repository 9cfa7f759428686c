"""A daemon with a clock that the test sets: the real store and commands behind a real socket.

Hours of sessions take milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from acd.agents.catalog import DEFAULT
from acd.daemon.commands import Commands
from acd.protocol import encode, parse_request, removed_line, state_line, update_line
from acd.sessions.rules import SessionRules
from acd.sessions.store import Change, Store
from acd.sessions.values import NS, Now, Refused

# 2023-11-14 22:13:20 UTC.
BEGIN = 1_700_000_000


class FakeDaemon:
    """A store, a clock, and a server on the socket `path`."""

    def __init__(self, directory: Path):
        self.path = directory / "s"
        self.now = Now(BEGIN * NS, 1_000_000 * NS)
        self.store = Store(DEFAULT.name, SessionRules(history_depth=50))
        self._commands = Commands(self.store, local_host="here", is_dir=lambda path: True)
        self.requests: list[str] = []
        """Every line that came over a connection."""
        self._peers: set[asyncio.StreamWriter] = set()
        self._subscribers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def clock(self) -> Now:
        """The time as a function, for the dashboard."""
        return self.now

    @contextmanager
    def minutes_ago(self, minutes: float) -> Iterator[None]:
        """Sets the clock back within the block."""
        present = self.now
        past = int(minutes * 60 * NS)
        self.now = Now(present.wall - past, present.boot - past)
        try:
            yield
        finally:
            self.now = present

    def advance(self, seconds: float) -> None:
        """Sets the clock forward."""
        step = int(seconds * NS)
        self.now = Now(self.now.wall + step, self.now.boot + step)

    def request(self, line: str) -> str:
        """Applies a request line, pushes the changes to the subscribers, and returns the reply."""
        try:
            request = parse_request(line)
            outcome = self._commands.handlers[type(request)](request, line, self.now)
            assert outcome is not None, line
            reply, changes, _ = outcome
        except Refused as refused:
            return f"ERR {refused}"
        for change in changes:
            push = encode([self._push(change)])
            for subscriber in self._subscribers:
                subscriber.write(push)
        return reply

    def set(self, session: str, status: str, **metadata: Any) -> None:
        """Applies a SET."""
        reply = self.request(f"SET {session} {status} {json.dumps(metadata)}")
        assert reply == "OK", reply

    def connect(self) -> socket.socket:
        """Opens a connection, as the dashboard's `connect`."""
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(str(self.path))
        except OSError:
            sock.close()
            raise
        return sock

    async def start(self) -> None:
        """Listens on the socket."""
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def stop(self) -> None:
        """Closes the socket and every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.path.unlink(missing_ok=True)
        for peer in list(self._peers):
            peer.close()
        while self._peers:
            await asyncio.sleep(0)

    def _push(self, change: Change) -> str:
        session = change.session
        if change.kind == "removed":
            return removed_line(session.id)
        line = update_line(session.id, session.status, change.elapsed)
        return f"{line} {json.dumps(session.to_wire(self.now))}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._peers.add(writer)
        try:
            while line := (await reader.readline()).decode().strip():
                self.requests.append(line)
                if line == "SUBSCRIBE json":
                    reply = state_line([each.to_wire(self.now) for each in self.store.list_all()])
                    self._subscribers.add(writer)
                else:
                    reply = self.request(line)
                writer.write(encode([reply]))
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self._peers.discard(writer)
            self._subscribers.discard(writer)
            writer.close()
