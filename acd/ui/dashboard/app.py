"""The dashboard's Textual application: composition, redraw rate, and the clock tick for ages."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Protocol, runtime_checkable

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer

from acd.config import DashboardConfig
from acd.notify.presence import Presence
from acd.sessions.values import Now
from acd.ui.dashboard.actions import Actions
from acd.ui.dashboard.focus_tracker import FocusTracker
from acd.ui.dashboard.model import Model
from acd.ui.dashboard.model_sync import ModelSync
from acd.ui.dashboard.overview import Overview
from acd.ui.dashboard.theme import THEMES, select_theme

REDRAW_SECONDS: Final = 0.05
"""The least time between two redraws; changes in between are drawn together."""


@runtime_checkable
class _Drawable(Protocol):
    def show(self) -> None: ...


class Dashboard(App[None]):
    """The dashboard.

    `connect` opens a connection to the daemon and may block. `presence` is the file in which the
    user's presence is recorded. With `once` the program exits after one jump or resurrection.
    """

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]
    CSS = "Screen { background: $background; color: $foreground; }"

    def __init__(
        self,
        connect: Callable[[], socket.socket],
        config: DashboardConfig,
        environ: Mapping[str, str],
        clock: Callable[[], Now],
        *,
        presence: Presence | None = None,
        once: bool = False,
    ):
        # Textual's own attribute `theme` is the name of its part of this.
        self.text_theme = select_theme(config.theme, colour=not environ.get("NO_COLOR"))
        super().__init__(ansi_color=self.text_theme.textual.ansi)
        for theme in THEMES.values():
            self.register_theme(theme.textual)
        self.theme = self.text_theme.textual.name
        self.model = Model(environ.get("HOME"))
        self.sync = ModelSync(self.model, connect, clock, changed=self.redraw)
        self.actions = Actions(self.sync.client.request, config, environ)
        self._focus_tracker = FocusTracker(presence, self.set_timer) if presence else None
        self._clock = clock
        self._once = once
        self._redraw_timer: Timer | None = None
        self.is_stale = False
        """Whether a redraw is due."""

    def now(self) -> Now:
        """The current time."""
        return self._clock()

    def exit_once(self, message: str) -> None:
        """Exits with the message if the program was started with `once`."""
        if self._once:
            self.exit(message=message)

    def get_default_screen(self) -> Screen[None]:
        return Overview(self)

    async def on_event(self, event: events.Event) -> None:
        if self._focus_tracker is not None:
            self._focus_tracker.handle(event)
        await super().on_event(event)

    def on_mount(self) -> None:
        if self._focus_tracker is not None:
            self._focus_tracker.start()
        self.run_worker(self.sync.run(), name="sync")
        self.set_interval(1.0, self.redraw)

    def redraw(self) -> None:
        """Redraws the screen, at once or when REDRAW_SECONDS have passed since the last time."""
        if self._redraw_timer is not None:
            self.is_stale = True
            return
        self._show()
        self._redraw_timer = self.set_timer(REDRAW_SECONDS, self._end_redraw_pause)

    def _end_redraw_pause(self) -> None:
        self._redraw_timer = None
        if self.is_stale:
            self.is_stale = False
            self.redraw()

    def _show(self) -> None:
        # A timer may still run after the program has closed its screens.
        if self.screen_stack and isinstance(self.screen, _Drawable):
            self.screen.show()
