"""Whether the user is before this dashboard, by what its terminal tells.

Responsible for the focus that terminals report, and for keys where none
reports it. It refuses to know who asks (presence.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual import events
from textual.timer import Timer

from acd.notify.presence import Presence

KEY_SECONDS: Final = 60.0
"""How long a key proves that somebody is there, where the terminal does not tell of its focus."""

_KEYS: Final = (events.Key, events.MouseDown, events.MouseScrollUp, events.MouseScrollDown)
"""What only the user does; a pointer moves over windows that have no focus, too."""


class FocusTracker:
    """Turns the terminal's events into presence."""

    def __init__(self, presence: Presence, set_timer: Callable[[float, Callable[[], None]], Timer]):
        self._presence = presence
        self._set_timer = set_timer
        self._knows = False
        """Whether the terminal reports its focus."""
        self._end: Timer | None = None

    def begin(self) -> None:
        """Somebody has just started it."""
        self._here()

    def see(self, event: events.Event) -> None:
        """Something that the terminal reports."""
        if isinstance(event, events.AppFocus | events.AppBlur):
            self._knows = True
        if isinstance(event, events.AppBlur):
            self._presence.away()
        elif isinstance(event, (events.AppFocus, *_KEYS)):
            self._here()

    def _here(self) -> None:
        self._presence.here()
        if self._end is not None:
            self._end.stop()
        self._end = None if self._knows else self._set_timer(KEY_SECONDS, self._presence.away)
