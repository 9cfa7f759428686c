"""A subscribed connection to the daemon in an event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from acd.client.session import ClientSession, MatchedReply
from acd.errors import AcdError
from acd.protocol import BadReply, Err, Message, Ok, Reply, Request, Subscribe


class AsyncioClient(asyncio.Protocol):
    """One connection, on which the first request is a SUBSCRIBE.

    `on_messages` gets the snapshots and pushes, all that one read has brought.
    """

    def __init__(self, request: Subscribe, on_messages: Callable[[list[Message]], None]):
        self._request = request
        self._on_messages = on_messages
        self._session = ClientSession()
        self._waiting: deque[asyncio.Future[Reply]] = deque()
        self._transport: asyncio.Transport
        self.subscribed: asyncio.Future[Reply]
        """The reply to the SUBSCRIBE."""
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """The reason why the connection has ended."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.subscribed = self.request(self._request)

    def request(self, request: Request) -> asyncio.Future[Reply]:
        """Sends a request; the future is its reply, or AcdError if the connection ends first."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._transport.write(self._session.send(request))
        return future

    def data_received(self, data: bytes) -> None:
        try:
            received = self._session.receive(data)
        except BadReply as error:
            self._end(str(error))
            return
        messages: list[Message] = []
        for each in received:
            message = each
            if isinstance(each, MatchedReply):
                message = each.reply
                future = self._waiting.popleft()
                if not future.done():  # a request that has timed out is cancelled
                    future.set_result(each.reply)
            elif isinstance(each, Err):
                self._end(f"the daemon refuses: {each.text}")
            # The snapshot that is a reply comes in its place among the pushes.
            if not isinstance(message, Ok | Err | MatchedReply):
                messages.append(message)
        if messages:
            self._on_messages(messages)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the daemon has stopped")

    def close(self) -> None:
        """Ends the connection."""
        self._transport.close()
        self._end("")

    def _end(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result(reason)
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(AcdError("the daemon has stopped before it answered"))
