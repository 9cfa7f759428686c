"""Reproducible screenshots of the dashboard as SVG."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from acd.ui.dashboard.theme import select_theme
from testing.dashboard.fake_daemon import FakeDaemon
from testing.dashboard.pilot import running_dashboard
from testing.dashboard.scene import morning

_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


async def screenshot(
    *keys: str,
    theme: str = "dark",
    size: tuple[int, int] = (120, 24),
    scene: Callable[[FakeDaemon], None] = morning,
) -> str:
    """The screen after some keys as SVG. `size`: columns and lines."""
    # The temporary directory of a test is too long for a socket's path.
    with tempfile.TemporaryDirectory(prefix="acd-") as directory:
        daemon = FakeDaemon(Path(directory))
        scene(daemon)
        async with running_dashboard(daemon, theme=theme, size=size) as pilot:
            await pilot.press(*keys)
            return normalised(pilot.app.export_screenshot(title="acd dashboard"), theme)


def normalised(svg: str, theme: str) -> str:
    """The SVG without random names and web fonts, with the theme's background."""
    svg = re.sub(r"terminal-\d+-", "t-", svg)
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<!-- Generated.*?-->", "", svg)
    svg = svg.replace("Fira Code, monospace", _FONTS).replace("arial", "sans-serif")
    palette = select_theme(theme).textual
    if not palette.ansi:
        svg = svg.replace('fill="#292929"', f'fill="{palette.background}"')
        svg = svg.replace('fill="#c5c8c6"', f'fill="{palette.foreground}"')
        svg = svg.replace("rgba(255,255,255,0.35)", "rgba(128,128,128,0.5)")
    return "\n".join(line.strip() for line in svg.splitlines() if line.strip()) + "\n"
