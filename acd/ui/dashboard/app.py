"""The program: puts the parts together, and says when to draw.

Responsible for the composition, for the rate of drawing, and for the tick by
which ages grow. It refuses to know what is drawn.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Protocol, cast

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
from acd.ui.dashboard.theme import LOOKS, look

DRAW_SECONDS: Final = 0.05
"""The shortest time between two drawings: what comes in between is drawn together."""


class _Shows(Protocol):
    def show(self) -> None: ...


class Dashboard(App[None]):
    """The dashboard over a way to connect, a configuration, an environment and a clock.

    `presence` is told whether the user is before it.
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
        self.look = look(config.theme, colour=not environ.get("NO_COLOR"))
        super().__init__(ansi_color=self.look.theme.ansi)
        for each in LOOKS.values():
            self.register_theme(each.theme)
        self.theme = self.look.theme.name
        self.model = Model(environ.get("HOME"))
        self.feed = ModelSync(self.model, connect, clock, changed=self.redraw)
        self.actions = Actions(self.feed.client.request, config, environ)
        self._front = FocusTracker(presence, self.set_timer) if presence else None
        self._clock = clock
        self._once = once
        self._pause: Timer | None = None
        self._is_stale = False

    def now(self) -> Now:
        """This moment."""
        return self._clock()

    def leave(self, *, after: str) -> None:
        """Ends it, if it was started for one action only."""
        if self._once:
            self.exit(message=after)

    def get_default_screen(self) -> Screen[None]:
        return Overview(self)

    async def on_event(self, event: events.Event) -> None:
        if self._front is not None:
            self._front.see(event)
        await super().on_event(event)

    def on_mount(self) -> None:
        if self._front is not None:
            self._front.begin()
        self.run_worker(self.feed.run(), name="feed")
        self.set_interval(1.0, self.redraw)

    @property
    def is_drawing(self) -> bool:
        """Whether something waits to be drawn."""
        return self._is_stale

    def redraw(self) -> None:
        """Draws now; or soon, if it has just been drawn."""
        if self._pause is not None:
            self._is_stale = True
            return
        self._show()
        self._pause = self.set_timer(DRAW_SECONDS, self._paused)

    def _paused(self) -> None:
        self._pause = None
        if self._is_stale:
            self._is_stale = False
            self.redraw()

    def _show(self) -> None:
        if hasattr(self.screen, "show"):
            cast(_Shows, self.screen).show()
