"""A timer of the daemon's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Deadline:
    """Calls `reached()` once after `arm()`. While nothing is due there is no timer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, reached: Callable[[], None]):
        self._loop = loop
        self._reached = reached
        self._handle: asyncio.TimerHandle | None = None

    @property
    def is_armed(self) -> bool:
        return self._handle is not None

    def arm(self, seconds: float) -> None:
        """Sets the timer, unless it is set already."""
        if self._handle is None:
            self._handle = self._loop.call_later(seconds, self._fire)

    def cancel(self) -> None:
        """Clears the timer."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fire(self) -> None:
        self._handle = None
        self._reached()
