"""A server and its connections without sockets: tests feed bytes and a clock, and read bytes.

A real socket may join or split the pieces that a test sends. Only the
peer's credentials are those of a real socket.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from acd.agents.catalog import DEFAULT
from acd.daemon.commands import Commands
from acd.daemon.connection import Connection
from acd.daemon.server import Server
from acd.sessions.store import Change, Store
from acd.sessions.values import NS, Json, Now

HERE = "here"
START = Now(wall=1_800_000_000 * NS, boot=5_000 * NS)
INFO: Json = {"version": "1.2.3", "protocol": 1, "pid": 42, "uptime": 1.5}


class FakeTransport(asyncio.Transport):
    """Keeps what is written. Its buffer never fills, and reading never pauses."""

    def __init__(self, sock: socket.socket):
        super().__init__(extra={"socket": sock})
        self.written = bytearray()
        self._is_closing = False

    def write(self, data: Any) -> None:
        self.written += data

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True


class Peer:
    """The client's side of one connection."""

    def __init__(self, server: Server, sock: socket.socket):
        self._transport = FakeTransport(sock)
        self._connection = Connection(server)
        self._connection.connection_made(self._transport)
        self._loop = server.loop

    def feed(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._connection.data_received(piece)
        # Turns after the first wait for the loop.
        self._loop.run_until_complete(asyncio.sleep(0))

    def take(self) -> list[str]:
        """Returns the whole lines that were written since the last call."""
        *lines, rest = self._transport.written.split(b"\n")
        self._transport.written[:] = rest
        return [line.decode() for line in lines]

    @property
    def is_closing(self) -> bool:
        """Whether the server has closed the connection."""
        return self._transport.is_closing()

    def fill(self) -> None:
        """The write buffer is above its limit, as when the client reads too slowly."""
        self._connection.pause_writing()

    def close(self) -> None:
        """The client ends the connection."""
        self._connection.connection_lost(None)

    def ask(self, *requests: str) -> list[str]:
        self.feed("".join(f"{request}\n" for request in requests).encode())
        return self.take()


class MemoryServer:
    """A server with an empty store; it is its own journal."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket):
        self._sock = sock
        self.now = START
        self.records: list[str] = []
        self.stopped: list[str] = []
        self.store = Store(DEFAULT.name)
        commands = Commands(self.store, local_host=HERE, is_dir=lambda path: path.startswith("/w"))
        self.server = Server(
            loop,
            self.store,
            commands,
            self,
            lambda: self.now,
            info=lambda: INFO,
            stop=self.stopped.append,
            changed=self._changed,
            left=lambda: None,
        )

    def append(self, records: list[str], now: Now) -> None:
        """Writes into the journal."""
        self.records += records

    def wait(self, seconds: float) -> None:
        self.now = Now(self.now.wall + int(seconds * NS), self.now.boot + int(seconds * NS))

    def peer(self) -> Peer:
        return Peer(self.server, self._sock)

    def _changed(self, changes: list[Change]) -> None: ...


@contextmanager
def memory_server() -> Iterator[MemoryServer]:
    loop = asyncio.new_event_loop()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield MemoryServer(loop, ours)
    loop.close()
