"""The dashboard's connection to the daemon, made again whenever it is lost."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from acd.client.asyncio_client import AsyncioClient
from acd.client.session import RECONNECT_DELAYS, REPLY_SECONDS
from acd.errors import AcdError, DaemonRefused
from acd.protocol import Err, Message, Ok, SessionRequest, Subscribe
from acd.system.backoff import Backoff


class ReconnectingClient:
    """A subscription that outlives its connections.

    `connect` may block; it runs in a thread. `on_messages` gets the snapshots
    and pushes, all that one read has brought; `on_state` is called when
    `is_live` or `problem` has changed.
    """

    def __init__(
        self,
        connect: Callable[[], socket.socket],
        *,
        on_messages: Callable[[list[Message]], None],
        on_state: Callable[[], None],
    ):
        self._connect = connect
        self._on_messages = on_messages
        self._on_state = on_state
        self._client: AsyncioClient | None = None
        self.is_live = False
        """Whether the messages so far are the present state."""
        self.problem: str | None = None
        """Why it is not live; None until the first connection has failed."""

    async def run(self) -> None:
        """Connects again and again, until it is cancelled."""
        loop = asyncio.get_running_loop()
        backoff = Backoff(*RECONNECT_DELAYS, at_once=True)
        while True:
            began = loop.time()
            problem = await self._run_connection()
            lasted = loop.time() - began if self.is_live else 0.0
            self._set_state(False, problem)
            await asyncio.sleep(backoff.next_delay(lasted))

    async def request(self, request: SessionRequest) -> Ok:
        """Sends a request and returns its reply. Raises DaemonRefused for ERR, AcdError."""
        if self._client is None or not self.is_live:
            raise AcdError("not connected to the daemon: try again when it is back")
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                reply = await self._client.request(request)
        except TimeoutError:
            raise AcdError(f"the daemon did not answer within {REPLY_SECONDS:g} s") from None
        if isinstance(reply, Err):
            raise DaemonRefused(reply.text)
        return cast(Ok, reply)  # no request for a single session has another one

    async def _run_connection(self) -> str:
        """Runs one connection to its end; returns why it has ended."""
        loop = asyncio.get_running_loop()
        try:
            sock = await asyncio.to_thread(self._connect)
            sock.setblocking(False)
            _, client = await loop.create_unix_connection(
                lambda: AsyncioClient(Subscribe(json=True), self._take), sock=sock
            )
        except AcdError as error:
            return f"{error.message} ({error.hint})" if error.hint else error.message
        except OSError as error:
            return str(error)
        self._client = client
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                reply = await client.subscribed
            if isinstance(reply, Err):
                return f"the daemon refuses: {reply.text}"
            return await client.ended
        except TimeoutError:
            return f"the daemon does not answer within {REPLY_SECONDS:g} s"
        except AcdError:
            return await client.ended
        finally:
            self._client = None
            client.close()

    def _take(self, messages: list[Message]) -> None:
        self._on_messages(messages)
        if not self.is_live:
            self._set_state(True, None)

    def _set_state(self, is_live: bool, problem: str | None) -> None:
        if (is_live, problem) != (self.is_live, self.problem):
            self.is_live, self.problem = is_live, problem
            self._on_state()
