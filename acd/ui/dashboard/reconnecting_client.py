"""The connection to the daemon, taken up again whenever it is lost.

Responsible for one subscription and for requests beside it on the same
connection, and for saying how things stand. It refuses to know what messages
mean and how connections are made (`connect` is passed in and may block).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from acd.errors import AcdError, DaemonRefused
from acd.protocol import BadReply, Err, LineDecoder, Message, Ok, encode, parse_message

ANSWER_SECONDS: Final = 10.0
"""A daemon that lives answers in well under a millisecond; one that starts, in half a second."""
LONGEST_DELAY: Final = 2.0
"""Seconds between two tries to reconnect, at most."""


class ReconnectingClient:
    """A subscription that outlives its connections.

    `heard` gets the pushes, as many as came at once; `changed` is called when
    `is_live` or `problem` has changed.
    """

    def __init__(
        self,
        connect: Callable[[], socket.socket],
        *,
        heard: Callable[[list[Message]], None],
        changed: Callable[[], None],
    ):
        self._connect = connect
        self._heard = heard
        self._changed = changed
        self._wire: _Wire | None = None
        self.is_live = False
        """Whether what was heard is how things are now."""
        self.problem: str | None = None
        """Why it is not live, once there was a reason."""

    async def run(self) -> None:
        """Connects, listens, reconnects; until it is cancelled."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            problem = await self._once()
            held = self.is_live and loop.time() - began > LONGEST_DELAY
            self._tell(False, problem)
            # At once after a stop; a daemon that fails at each start is not
            # started ever faster.
            failures = 1 if held else failures + 1
            delay = 0.0 if failures == 1 else min(LONGEST_DELAY, 0.05 * 2 ** min(failures, 10))
            await asyncio.sleep(delay)

    async def request(self, line: str) -> Ok:
        """Sends a request and waits for its answer.

        Raises DaemonRefused for ERR, AcdError when nobody answers.
        """
        if self._wire is None or not self.is_live:
            raise AcdError("not connected to the daemon: try again when it is back")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reply = await self._wire.request(line)
        except TimeoutError:
            raise AcdError(f"the daemon did not answer within {ANSWER_SECONDS:g} s") from None
        if isinstance(reply, Err):
            raise DaemonRefused(reply.text)
        return reply

    async def _once(self) -> str:
        """One connection, from its beginning to its end; returns why it ended."""
        loop = asyncio.get_running_loop()
        try:
            sock = await asyncio.to_thread(self._connect)
            sock.setblocking(False)
            _, wire = await loop.create_unix_connection(lambda: _Wire(self._take), sock=sock)
        except AcdError as error:
            return f"{error.message} ({error.hint})" if error.hint else error.message
        except OSError as error:
            return str(error)
        self._wire = wire
        try:
            return await wire.serve()
        finally:
            self._wire = None
            wire.close()

    def _take(self, messages: list[Message]) -> None:
        self._heard(messages)
        if not self.is_live:
            self._tell(True, None)

    def _tell(self, is_live: bool, problem: str | None) -> None:
        if (is_live, problem) != (self.is_live, self.problem):
            self.is_live, self.problem = is_live, problem
            self._changed()


class _Wire(asyncio.Protocol):
    """One connection: lines to messages, replies to those who asked."""

    def __init__(self, heard: Callable[[list[Message]], None]):
        self._heard = heard
        self._decoder = LineDecoder(None)
        self._asked: deque[asyncio.Future[Ok | Err]] = deque()
        self._transport: asyncio.Transport | None = None
        loop = asyncio.get_running_loop()
        self._first: asyncio.Future[None] = loop.create_future()
        self._end: asyncio.Future[str] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream's is one
        self._transport = transport
        transport.write(encode(["SUBSCRIBE json"]))

    def data_received(self, data: bytes) -> None:
        pushes: list[Message] = []
        try:
            for line in self._decoder.feed(data):
                message = parse_message(str(line))
                if not isinstance(message, Ok | Err):
                    pushes.append(message)
                elif self._asked:
                    asked = self._asked.popleft()
                    if not asked.done():  # nobody waits any more
                        asked.set_result(message)
                elif isinstance(message, Err):
                    self._finish(f"the daemon refuses: {message.text}")
        except BadReply as error:
            self._finish(str(error))
            return
        if pushes:
            if not self._first.done():
                self._first.set_result(None)
            self._heard(pushes)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish("the daemon has stopped")

    async def serve(self) -> str:
        """Waits for the connection's end; returns why it ended."""
        either: list[asyncio.Future[Any]] = [self._first, self._end]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not self._first.done() and not self._end.done():
            return f"the daemon does not answer within {ANSWER_SECONDS:g} s"
        return await self._end

    async def request(self, line: str) -> Ok | Err:
        assert self._transport is not None  # noqa: S101 - it is there since connection_made
        asked: asyncio.Future[Ok | Err] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._transport.write(encode([line]))
        return await asked

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
        self._finish("")

    def _finish(self, reason: str) -> None:
        if not self._end.done():
            self._end.set_result(reason)
        while self._asked:
            asked = self._asked.popleft()
            if not asked.done():
                asked.set_exception(AcdError("the daemon has stopped before it answered"))
