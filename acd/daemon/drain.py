"""Serves what the peers have sent, and closes their connections, when the daemon stops."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Final

from acd.daemon.server import Server

STEP_SECONDS: Final = 0.5
"""The longest that each step waits: a peer may send without end, or never read."""


class Drain:
    """The steps of a stop that wait for peers."""

    def __init__(self, server: Server):
        self._server = server
        self._peer_left = asyncio.Event()

    def peer_left(self) -> None:
        """A connection has ended; called by the owner of the server."""
        self._peer_left.set()

    async def serve_queued(self) -> None:
        """Accepts the connections in the queue, and serves what they have sent."""
        await _limited(self._until_quiet())

    async def serve_connected(self) -> None:
        """Serves the requests of every connection, also one that has not sent its request yet."""
        await _limited(self._until_served())

    async def close_connections(self) -> None:
        """Closes all connections after their replies are read; aborts those that do not read."""
        for peer in list(self._server.connections):
            peer.transport.close()
        await _limited(self._until(lambda: not self._server.connections))
        for peer in list(self._server.connections):
            peer.transport.abort()

    async def _until_quiet(self) -> None:
        before = -1
        while before != self._server.progress:
            before = self._server.progress
            for _ in range(3):  # each polls all descriptors once
                await asyncio.sleep(0)

    async def _until_served(self) -> None:
        await self._until_quiet()
        await self._until(lambda: all(peer.is_drained for peer in self._server.connections))

    async def _until(self, reached: Callable[[], bool]) -> None:
        """Waits for a condition that becomes true when a peer leaves."""
        while not reached():
            self._peer_left.clear()
            await self._peer_left.wait()


async def _limited(step: Coroutine[None, None, None]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STEP_SECONDS):
            await step
