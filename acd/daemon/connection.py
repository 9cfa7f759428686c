"""One connection: bytes in, one batch of lines at a time, and back-pressure both ways.

Other connections have their batches in between. A peer that does not read its replies is
not read from.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final, Protocol, cast

from acd.config import LimitsConfig
from acd.protocol import LineDecoder, LineError, encode, err_line
from acd.system.peers import uid_of

_AF_UNIX: Final = int(socket.AF_UNIX)
_STREAM: Final = int(socket.SOCK_STREAM)

_TRANSPORT_LIMIT: Final = 65_536
"""asyncio's default write-buffer limit: it need not be set."""


class ConnectionServer(Protocol):
    """The server, as a connection uses it."""

    loop: asyncio.AbstractEventLoop
    limits: LimitsConfig

    def accept(self, connection: Connection) -> str | None: ...
    def remove(self, connection: Connection) -> None: ...
    def run(self, connection: Connection, lines: list[str | LineError]) -> int: ...
    def pause(self, connection: Connection) -> None: ...
    def resume(self, connection: Connection) -> None: ...


def peer_uid(transport: asyncio.BaseTransport) -> int:
    """Returns the user at the other end at the time of connect(2) (SO_PEERCRED, unix(7))."""
    # The bare C type: socket.socket and the transport's own socket object take
    # twice the time, and this runs for every hook.
    sock = socket.SocketType(_AF_UNIX, _STREAM, 0, transport.get_extra_info("socket").fileno())
    try:
        return uid_of(sock)
    finally:
        sock.detach()


class Connection(asyncio.Protocol):
    """One peer: passes its lines to the server, one batch at a time."""

    __slots__ = ("_decoder", "_has_received", "_server", "_waiting", "is_full", "transport")

    transport: asyncio.Transport

    def __init__(self, server: ConnectionServer):
        self._server = server
        self._decoder = LineDecoder(server.limits.max_line)
        self._waiting: list[str | LineError] = []
        self.is_full = False
        """Whether the write buffer is above its limit."""
        self._has_received = False

    @property
    def is_drained(self) -> bool:
        """Whether the peer has sent something, and all of it has been served."""
        return self._has_received and not self._waiting and not self._decoder.is_inside_line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if (limit := self._server.limits.output_buffer) != _TRANSPORT_LIMIT:
            self.transport.set_write_buffer_limits(high=limit)
        if (problem := self._server.accept(self)) is not None:
            self.send(encode([err_line(problem)]))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.remove(self)

    def data_received(self, data: bytes) -> None:
        self._has_received = True
        lines = self._decoder.feed(data)
        if self._waiting:
            self._waiting += lines
        elif lines and (served := self._server.run(self, lines)) < len(lines):
            self._defer(lines, served)

    def _defer(self, lines: list[str | LineError], served: int) -> None:
        """Keeps the lines that the batch has not served for the next batch."""
        del lines[:served]
        self._waiting = lines
        if not self.is_full:
            self.transport.pause_reading()
            self._server.loop.call_soon(self._continue)

    def _continue(self) -> None:
        """Serves the next batch, unless the peer does not read its replies."""
        if self.is_full or self.transport.is_closing():
            return
        if lines := self._waiting:
            served = self._server.run(self, lines)
            self._waiting = []
            if served < len(lines):
                self._defer(lines, served)
        if not self._waiting and not self.is_full:
            self.transport.resume_reading()

    def send(self, data: bytes) -> None:
        """Queues bytes for the peer."""
        self.transport.write(data)

    def pause_writing(self) -> None:
        """The write buffer is above its limit: stops reading, and pushes."""
        self.is_full = True
        self._server.pause(self)
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer has read enough: resumes pushes, and reading."""
        self.is_full = False
        self._server.resume(self)
        self._continue()
