"""Whether the user is at this dashboard, from the terminal's focus reports and from keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual import events
from textual.timer import Timer

from acd.notify.presence import Presence

KEY_SECONDS: Final = 60.0
"""Seconds that a key counts as presence, if the terminal does not report its focus."""

_USER_EVENTS: Final = (events.Key, events.MouseDown, events.MouseScrollUp, events.MouseScrollDown)
"""Events that need the user; MouseMove also comes while the window has no focus."""


class FocusTracker:
    """Updates the presence file from the events of the dashboard's terminal."""

    def __init__(self, presence: Presence, set_timer: Callable[[float, Callable[[], None]], Timer]):
        self._presence = presence
        self._set_timer = set_timer
        self._reports_focus = False
        """Whether the terminal has reported its focus."""
        self._timeout: Timer | None = None

    def start(self) -> None:
        """Counts the start of the program as presence."""
        self._record_presence()

    def handle(self, event: events.Event) -> None:
        """Takes an event of the terminal."""
        if isinstance(event, events.AppFocus | events.AppBlur):
            self._reports_focus = True
        if isinstance(event, events.AppBlur):
            self._presence.away()
        elif isinstance(event, (events.AppFocus, *_USER_EVENTS)):
            self._record_presence()

    def _record_presence(self) -> None:
        self._presence.here()
        if self._timeout is not None:
            self._timeout.stop()
        self._timeout = (
            None if self._reports_focus else self._set_timer(KEY_SECONDS, self._presence.away)
        )
