"""The screen compared with stored screenshots.

`ACD_UPDATE_SCREENSHOTS=1` stores them anew; look at them afterwards. The tests compare characters,
positions and colours, not the SVG's text, which differs between versions of Textual.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from acd.text import width
from testing.dashboard.fake_daemon import FakeDaemon
from testing.dashboard.scene import morning
from testing.dashboard.screenshot import screenshot

pytestmark = pytest.mark.slow  # each draws a whole screen

SCREENSHOTS = Path(__file__).parent / "screenshots"
_SVG = "{http://www.w3.org/2000/svg}"


def empty(daemon: FakeDaemon) -> None:
    """No sessions."""


def crowd(daemon: FakeDaemon) -> None:
    """More sessions than lines, with names in several scripts."""
    morning(daemon)
    for number, name in enumerate(["日本語プロジェクト", "übung", "проект", "🙂", "a" * 60]):
        with daemon.minutes_ago(20 - number):
            daemon.set(f"wide-{number}", "attention", working_dir=f"/srv/{name}", prompt=name * 3)
    for number in range(20):
        with daemon.minutes_ago(10):
            daemon.set(f"many-{number:02}", "working", working_dir="/srv/many")


SCENES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "wide-dark": ((), {"theme": "dark", "size": (160, 14)}),
    "wide-light": ((), {"theme": "light", "size": (160, 14)}),
    "wide-terminal": ((), {"theme": "terminal", "size": (160, 14)}),
    "usual": ((), {"theme": "terminal", "size": (80, 24)}),
    "narrow-and-low": (("j",), {"theme": "terminal", "size": (40, 10)}),
    "closed-shown": (("c", "G"), {"theme": "dark", "size": (100, 14)}),
    "crowd": (("j", "j"), {"theme": "dark", "size": (100, 20), "scene": crowd}),
    "crowd-end": (("G",), {"theme": "terminal", "size": (60, 12), "scene": crowd}),
    "empty": ((), {"theme": "dark", "size": (60, 8), "scene": empty}),
    "filter": (("slash", "a", "p", "i"), {"theme": "terminal", "size": (80, 12)}),
    "delete": (("d",), {"theme": "light", "size": (80, 12)}),
    "details": (("enter", "2", "3"), {"theme": "dark", "size": (100, 36)}),
    "details-narrow": (("enter",), {"theme": "terminal", "size": (40, 24)}),
    "help": (("question_mark",), {"theme": "terminal", "size": (80, 26)}),
}


def drawn(svg: str) -> dict[tuple[float, float], tuple[str, str]]:
    """The characters with their styles, and the backgrounds, by position."""
    root = ElementTree.fromstring(svg)
    sheet = root.find(f"{_SVG}style")
    assert sheet is not None and sheet.text is not None
    styles = dict(re.findall(r"\.t-(r\d+) \{ ?([^}]*?) ?\}", sheet.text))
    found = {}
    cell = 0.0
    for text in root.iter(f"{_SVG}text"):
        if "clip-path" not in text.attrib or not text.text:
            continue
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        cell = float(text.attrib["textLength"]) / max(1, width(text.text))
        style = styles[text.attrib["class"].removeprefix("t-")]
        for character in text.text:
            if not character.isspace():
                found[round(x, 1), round(y, 1)] = (character, style)
            x += cell * width(character)
    for rect in root.iter(f"{_SVG}rect"):
        if rect.attrib.get("shape-rendering") == "crispEdges":
            x, end = float(rect.attrib["x"]), float(rect.attrib["x"])
            end += float(rect.attrib["width"])
            while x < end - 1:
                found[round(x, 1), float(rect.attrib["y"])] = ("background", rect.attrib["fill"])
                x += 12.2
    return found


@pytest.mark.parametrize("name", SCENES)
def test_the_screen_looks_like_its_screenshot(name: str) -> None:
    keys, options = SCENES[name]
    svg = asyncio.run(screenshot(*keys, **options))
    path = SCREENSHOTS / f"{name}.svg"
    if os.environ.get("ACD_UPDATE_SCREENSHOTS"):
        SCREENSHOTS.mkdir(exist_ok=True)
        path.write_text(svg, "utf-8")
    now, before = drawn(svg), drawn(path.read_text("utf-8"))
    different = {
        key: (before.get(key), now.get(key))
        for key in now.keys() | before.keys()
        if now.get(key) != before.get(key)
    }
    assert not different, f"{len(different)} differences: {dict(sorted(different.items())[:20])}"


def test_a_screenshot_is_reproducible() -> None:
    one, other = (asyncio.run(screenshot(size=(80, 12))) for _ in range(2))
    assert one == other


def test_a_screenshot_refers_to_no_other_address() -> None:
    svg = asyncio.run(screenshot(size=(80, 12)))
    assert re.findall(r"https?://[^\s\"')]+", svg) == ["http://www.w3.org/2000/svg"]
