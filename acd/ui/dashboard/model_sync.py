"""From the connection into the model: what is pushed, and what has to be asked for.

Responsible for keeping the model true and its timelines complete. It refuses
to know the screen: `changed` is called when there is something new to show.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from acd.errors import AcdError, DaemonRefused
from acd.protocol import Message
from acd.sessions.values import Now
from acd.ui.dashboard.model import Model
from acd.ui.dashboard.reconnecting_client import ReconnectingClient

_AT_ONCE: Final = 8
"""Histories asked for together: few enough for the daemon's output buffer, so
that it does not take us for a slow reader."""


class ModelSync:
    """Runs the link, and takes what it hears into the model."""

    def __init__(
        self,
        model: Model,
        connect: Callable[[], socket.socket],
        clock: Callable[[], Now],
        *,
        changed: Callable[[], None],
    ):
        self.model = model
        self.client = ReconnectingClient(connect, heard=self._heard, changed=changed)
        self._clock = clock
        self._changed = changed
        self._learning: asyncio.Task[None] | None = None
        self.live_until: float | None = None
        """When something was heard last, unix seconds."""

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            await self.client.run()
        finally:
            if self._learning is not None:
                self._learning.cancel()

    def _heard(self, messages: list[Message]) -> None:
        now = self._clock()
        self.live_until = now.wall / 1e9
        for message in messages:
            self.model.apply(message, now)
        self._changed()
        if self._learning is None or self._learning.done():
            self._learning = asyncio.get_running_loop().create_task(self._learn())

    async def _learn(self) -> None:
        """Asks for what is missing of the sessions' past, until nothing is."""
        while lacking := self.model.lacking_history()[:_AT_ONCE]:
            try:
                await asyncio.gather(*map(self._learn_one, lacking))
            except AcdError:
                return  # the connection is lost; the next picture begins it again
            self._changed()

    async def _learn_one(self, session_id: str) -> None:
        try:
            reply = await self.client.request(f"HISTORY {session_id}")
        except DaemonRefused:
            self.model.add_history(session_id, [])  # it is gone
        else:
            self.model.add_history(session_id, reply.json())
