"""One connection: bytes in, a turn at a time, and back-pressure both ways.

Responsible for the pace: a peer has a turn's lines served before others have
theirs, one that does not read its replies is not heard, and a subscriber that
fell behind gets one fresh picture. It refuses to know what lines mean and who
else is connected (server.py).
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final, Literal, Protocol, cast

from acd.config import LimitsConfig
from acd.protocol import LineDecoder, LineError, encode
from acd.sessions.values import Now
from acd.system.peers import uid_of

_AF_UNIX: Final = int(socket.AF_UNIX)
_STREAM: Final = int(socket.SOCK_STREAM)

_TRANSPORT_LIMIT: Final = 65_536
"""asyncio's own write-buffer limit: with it there is nothing to set."""


class Hub(Protocol):
    """What a connection needs of whoever holds them all."""

    loop: asyncio.AbstractEventLoop
    limits: LimitsConfig
    epoch: int

    def now(self) -> Now: ...
    def welcome(self, connection: Connection) -> str | None: ...
    def dismiss(self, connection: Connection) -> None: ...
    def run(self, connection: Connection, lines: list[str | LineError]) -> int: ...
    def suspend(self, connection: Connection) -> None: ...
    def enroll(self, connection: Connection) -> None: ...
    def picture(self, now: Now) -> str: ...


def peer_uid(transport: asyncio.BaseTransport) -> int:
    """The user at the other end, as the kernel knows it since connect()."""
    # The bare C type: socket.socket and the transport's own stand-in take
    # twice the time, and this runs for every hook.
    sock = socket.SocketType(_AF_UNIX, _STREAM, 0, transport.get_extra_info("socket").fileno())
    try:
        return uid_of(sock)
    finally:
        sock.detach()


class Connection(asyncio.Protocol):
    """One peer: feeds its lines to the server, a turn at a time."""

    __slots__ = (
        "_decoder",
        "_has_spoken",
        "_seen_epoch",
        "_server",
        "_waiting",
        "is_full",
        "passive",
        "subscription",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, server: Hub):
        self._server = server
        self._decoder = LineDecoder(server.limits.max_line)
        self._waiting: list[str | LineError] = []
        self.is_full = False
        """Whether more waits to be read by the peer than a buffer should hold."""
        self._seen_epoch = 0
        self.subscription: Literal["plain", "json"] | None = None
        self.passive = False
        self._has_spoken = False

    @property
    def is_heard_out(self) -> bool:
        """Whether the peer has said something, and all that it began to say was served."""
        return self._has_spoken and not self._waiting and not self._decoder.is_inside_line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if (limit := self._server.limits.output_buffer) != _TRANSPORT_LIMIT:
            self.transport.set_write_buffer_limits(high=limit)
        if (problem := self._server.welcome(self)) is not None:
            self.send(encode([f"ERR {problem}"]))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.dismiss(self)

    def data_received(self, data: bytes) -> None:
        self._has_spoken = True
        lines = self._decoder.feed(data)
        if self._waiting:
            self._waiting += lines
        elif lines:
            self._take(lines)

    def _take(self, lines: list[str | LineError]) -> None:
        """One turn; the lines that it does not come to wait for the next."""
        served = self._server.run(self, lines)
        if served < len(lines):
            del lines[:served]
            self._waiting = lines
            if not self.is_full:
                self.transport.pause_reading()
                self._server.loop.call_soon(self._go_on)
        elif self._waiting:
            self._waiting = []

    def _go_on(self) -> None:
        """The next turn, unless the peer does not read its replies."""
        if self.is_full or self.transport.is_closing():
            return
        if self._waiting:
            self._take(self._waiting)
        if not self._waiting and not self.is_full:
            self.transport.resume_reading()

    def send(self, data: bytes) -> None:
        """Queues bytes for the peer."""
        self.transport.write(data)

    def pause_writing(self) -> None:
        """The peer reads too slowly: hear nothing more from it, and tell it nothing."""
        self.is_full = True
        self._seen_epoch = self._server.epoch
        self._server.suspend(self)
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer has read everything: what it missed is one fresh picture."""
        self.is_full = False
        if self.subscription is not None:
            self._server.enroll(self)
            if self._seen_epoch != self._server.epoch:
                self.send(encode([self._server.picture(self._server.now())]))
        self._go_on()
