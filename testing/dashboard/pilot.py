"""Plays the dashboard: presses keys, and reads what is on the screen.

Responsible for a test's words about the screen. It knows the dashboard by what
can be seen of it.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec

from textual.pilot import Pilot

from testing.dashboard.fake_daemon import Stage
from testing.dashboard.screenshot import dashboard, settled

Given = ParamSpec("Given")


def awaited(test: Callable[Given, Awaitable[None]]) -> Callable[Given, None]:
    """A test that is a coroutine."""

    @functools.wraps(test)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        async def main() -> None:
            await test(*args, **kwargs)

        asyncio.run(main())

    return run


class Player:
    """Somebody before the screen."""

    def __init__(self, stage: Stage, pilot: Pilot[None]):
        self.stage = stage
        self.pilot = pilot

    @property
    def app(self) -> Any:
        return self.pilot.app

    async def press(self, *keys: str) -> None:
        """Presses keys, and waits until all that they do is seen."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def settle(self) -> None:
        """Waits until everything is known and drawn."""
        await self.until(lambda: all(each.name == "feed" for each in self.app.workers))
        await settled(self.pilot)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Waits for something that the screen will show."""
        async with asyncio.timeout(30):
            while not is_so():
                await asyncio.sleep(0.01)

    def lines(self) -> list[str]:
        """The screen, as text."""
        screen = self.app.screen
        strips = screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        return "\n".join(self.lines())

    def names(self) -> list[str]:
        """What stands in the column of names, from the top."""
        statuses = ("question", "attention", "working", "closed")
        words = [line.split() for line in self.lines()[1:]]
        return [line[2] for line in words if len(line) > 2 and line[1] in statuses]

    def chosen(self) -> str | None:
        """The name under the cursor."""
        row = self.app.screen.row
        return None if row is None else str(row.label)

    def place_of(self, text: str) -> tuple[int, int]:
        """Column and line at which a text is seen."""
        for number, line in enumerate(self.lines()):
            if text in line:
                return line.index(text), number
        raise AssertionError(f"not on the screen: {text}\n{self.text()}")

    async def click(self, text: str, times: int = 1) -> None:
        """Clicks on a text."""
        await self.pilot.click(offset=self.place_of(text), times=times)
        await self.settle()


@asynccontextmanager
async def playing(
    stage: Stage, *, size: tuple[int, int] = (120, 24), **options: Any
) -> AsyncIterator[Player]:
    """Somebody before the dashboard of a stage."""
    await stage.open()
    try:
        async with dashboard(stage, size=size, **options) as pilot:
            yield Player(stage, pilot)
    finally:
        await stage.close()
