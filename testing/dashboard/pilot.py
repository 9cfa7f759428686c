"""Runs the dashboard on a fake daemon without a terminal, presses keys and reads the screen."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec

from textual.pilot import Pilot

from acd.config import DashboardConfig
from acd.ui.dashboard.app import Dashboard
from testing.dashboard.fake_daemon import FakeDaemon
from testing.dashboard.scene import HOME

Parameters = ParamSpec("Parameters")


def async_test(test: Callable[Parameters, Awaitable[None]]) -> Callable[Parameters, None]:
    """A coroutine function as a test."""

    @functools.wraps(test)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        async def main() -> None:
            await test(*args, **kwargs)

        asyncio.run(main())

    return run


class DashboardPilot:
    """The keyboard, mouse and screen of a running dashboard.

    `textual` is Textual's pilot, whose keys do not wait for their effects.
    """

    def __init__(self, textual: Pilot[None]):
        assert isinstance(textual.app, Dashboard)
        self.app = textual.app
        self.textual = textual

    async def press(self, *keys: str) -> None:
        """Presses keys and waits for their effects."""
        for key in keys:
            await self.textual.press(key)
            await self.settle()

    async def settle(self) -> None:
        """Waits until all replies have come in and are drawn."""
        app = self.app
        await self.until(lambda: all(each.name == "sync" for each in app.workers))
        await self.until(lambda: not (app.sync.client.is_live and app.model.lacking_history()))
        # The last reply changes the model a few iterations of the loop before it causes a redraw.
        await self.textual.pause()
        await self.until(lambda: not app.is_stale)
        await self.textual.pause()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for a condition; a failure after 30 s."""
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.01)

    def lines(self) -> list[str]:
        """The screen's lines without trailing spaces."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines())

    def names(self) -> list[str]:
        """The column of names, from the top."""
        statuses = ("question", "attention", "working", "closed")
        words = [line.split() for line in self.lines()[1:]]
        return [line[2] for line in words if len(line) > 2 and line[1] in statuses]

    def selected(self) -> str | None:
        """The label of the session under the cursor."""
        screen: Any = self.app.screen
        return None if screen.row is None else str(screen.row.label)

    def position_of(self, text: str) -> tuple[int, int]:
        """The column and line of a text on the screen."""
        for number, line in enumerate(self.lines()):
            if text in line:
                return line.index(text), number
        raise AssertionError(f"not on the screen: {text}\n{self.text()}")

    async def click(self, text: str, times: int = 1) -> None:
        """Clicks a text and waits for the effect."""
        await self.textual.click(offset=self.position_of(text), times=times)
        await self.settle()


def dashboard_of(daemon: FakeDaemon, *, theme: str = "dark") -> Dashboard:
    """A dashboard that does not run yet."""
    config = DashboardConfig(theme=theme)
    return Dashboard(daemon.connect, config, {"HOME": HOME}, daemon.clock)


@asynccontextmanager
async def running_dashboard(
    daemon: FakeDaemon, *, theme: str = "dark", size: tuple[int, int] = (120, 24)
) -> AsyncIterator[DashboardPilot]:
    """A dashboard that is connected and has drawn everything; starts and stops the daemon.

    `size`: columns and lines.
    """
    await daemon.start()
    try:
        async with dashboard_of(daemon, theme=theme).run_test(size=size) as textual:
            pilot = DashboardPilot(textual)
            await pilot.until(lambda: pilot.app.sync.client.is_live)
            await pilot.settle()
            yield pilot
    finally:
        await daemon.stop()
