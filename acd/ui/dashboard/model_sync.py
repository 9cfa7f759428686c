"""Keeps the dashboard's model up to date, and requests the histories that it lacks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from acd.errors import AcdError, DaemonRefused
from acd.protocol import History, Message
from acd.sessions.values import Now
from acd.ui.dashboard.model import Model
from acd.ui.dashboard.reconnecting_client import ReconnectingClient

_AT_ONCE: Final = 8
"""Histories requested together: few enough for the daemon's output buffer, so that this is no
slow reader."""


class ModelSync:
    """Runs the client and applies what it receives; calls `changed` when the model has changed."""

    def __init__(
        self,
        model: Model,
        connect: Callable[[], socket.socket],
        clock: Callable[[], Now],
        *,
        changed: Callable[[], None],
    ):
        self.model = model
        self.client = ReconnectingClient(connect, on_messages=self._apply, on_state=changed)
        self._clock = clock
        self._changed = changed
        self._requesting: asyncio.Task[None] | None = None
        self.live_until: float | None = None
        """When the last message came, in unix seconds."""

    async def run(self) -> None:
        """Runs until it is cancelled."""
        try:
            await self.client.run()
        finally:
            if self._requesting is not None:
                self._requesting.cancel()

    def _apply(self, messages: list[Message]) -> None:
        now = self._clock()
        self.live_until = now.wall / 1e9
        for message in messages:
            self.model.apply(message, now)
        self._changed()
        if self._requesting is None or self._requesting.done():
            self._requesting = asyncio.get_running_loop().create_task(self._request_histories())

    async def _request_histories(self) -> None:
        """Requests what is missing of the sessions' histories, until nothing is."""
        while lacking := self.model.lacking_history()[:_AT_ONCE]:
            try:
                await asyncio.gather(*map(self._request_history, lacking))
            except AcdError:
                return  # the connection is lost; the next snapshot starts this again

    async def _request_history(self, session_id: str) -> None:
        try:
            history = (await self.client.request(History(session_id))).json()
        except DaemonRefused:
            history = []  # it was deleted
        self.model.add_history(session_id, history)
        self._changed()
