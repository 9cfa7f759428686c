"""Pictures of the dashboard: the same scene as SVG, every time the same.

Responsible for making them, and for taking out of them what differs between
runs or speaks of other places. It refuses to know what they are for.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from acd.config import DashboardConfig
from acd.ui.dashboard.app import Dashboard
from acd.ui.dashboard.theme import look
from testing.dashboard.fake_daemon import Stage
from testing.dashboard.scene import HOME, morning

_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


@asynccontextmanager
async def dashboard(
    stage: Stage,
    *,
    theme: str = "dark",
    size: tuple[int, int] = (120, 24),
    environ: Mapping[str, str] | None = None,
    **options: Any,
) -> AsyncIterator[Pilot[None]]:
    """The dashboard of a stage, connected and with everything on its screen."""
    app = Dashboard(
        stage.connect,
        DashboardConfig(theme=theme, **options),
        {"HOME": HOME, **(environ or {})},
        stage.clock,
    )
    async with app.run_test(size=size) as pilot:
        async with asyncio.timeout(30):
            while not app.feed.client.is_live:
                await asyncio.sleep(0.01)
        await settled(pilot)
        yield pilot


async def settled(pilot: Pilot[Any]) -> None:
    """Waits until everything is known and drawn."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    async with asyncio.timeout(30):
        while app.feed.client.is_live and app.model.wanting_history():
            await asyncio.sleep(0.01)
        while app.is_drawing:
            await asyncio.sleep(0.01)
    await pilot.pause()


async def picture(
    *keys: str,
    theme: str = "dark",
    size: tuple[int, int] = (120, 24),
    scene: Callable[[Stage], None] = morning,
) -> str:
    """The scene as SVG, after some keys."""
    with tempfile.TemporaryDirectory(prefix="acd-") as place:
        stage = Stage(Path(place))
        scene(stage)
        await stage.open()
        try:
            async with dashboard(stage, theme=theme, size=size) as pilot:
                for key in keys:
                    await pilot.press(key)
                    await settled(pilot)
                return normalised(pilot.app.export_screenshot(title="acd dashboard"), theme)
        finally:
            await stage.close()


def normalised(svg: str, theme: str) -> str:
    """The SVG without names that change, without fonts from elsewhere, on the theme's ground."""
    svg = re.sub(r"terminal-\d+-", "t-", svg)
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<!-- Generated.*?-->", "", svg)
    svg = svg.replace("Fira Code, monospace", _FONTS).replace("arial", "sans-serif")
    palette = look(theme).theme
    if not palette.ansi:
        svg = svg.replace('fill="#292929"', f'fill="{palette.background}"')
        svg = svg.replace('fill="#c5c8c6"', f'fill="{palette.foreground}"')
        svg = svg.replace("rgba(255,255,255,0.35)", "rgba(128,128,128,0.5)")
    return "\n".join(line.strip() for line in svg.splitlines() if line.strip()) + "\n"
