"""The screen as it looks: every picture held against the one that was looked at.

`ACD_UPDATE_PICTURES=1` makes them anew; then look at them. Compared is what is
drawn (texts, places, colours), not how the SVG says it, so that another
version of Textual is no difference.
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
from testing.dashboard.fake_daemon import Stage
from testing.dashboard.scene import morning
from testing.dashboard.screenshot import picture

PICTURES = Path(__file__).parent / "pictures"
_SVG = "{http://www.w3.org/2000/svg}"


def empty(stage: Stage) -> None:
    """No session yet."""


def crowd(stage: Stage) -> None:
    """More than a window holds, in other scripts too."""
    morning(stage)
    for number, name in enumerate(["日本語プロジェクト", "übung", "проект", "🙂", "a" * 60]):
        with stage.at(20 - number):
            stage.set(f"wide-{number}", "attention", working_dir=f"/srv/{name}", prompt=name * 3)
    for number in range(20):
        with stage.at(10):
            stage.set(f"many-{number:02}", "working", working_dir="/srv/many")


LOOKED_AT: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "wide-dark": ((), {"theme": "dark", "size": (160, 14)}),
    "wide-light": ((), {"theme": "light", "size": (160, 14)}),
    "wide-terminal": ((), {"theme": "terminal", "size": (160, 14)}),
    "usual": ((), {"theme": "terminal", "size": (80, 24)}),
    "narrow-and-low": (("j",), {"theme": "terminal", "size": (40, 10)}),
    "unfolded": (("c", "G"), {"theme": "dark", "size": (100, 14)}),
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
    """Each character that is seen, and the look of its text, by where it is."""
    root = ElementTree.fromstring(svg)
    style = root.find(f"{_SVG}style")
    assert style is not None and style.text is not None
    looks = dict(re.findall(r"\.t-(r\d+) \{ ?([^}]*?) ?\}", style.text))
    found = {}
    cell = 0.0
    for text in root.iter(f"{_SVG}text"):
        if "clip-path" not in text.attrib or not text.text:
            continue
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        cell = float(text.attrib["textLength"]) / max(1, width(text.text))
        look = looks[text.attrib["class"].removeprefix("t-")]
        for character in text.text:
            if not character.isspace():
                found[round(x, 1), round(y, 1)] = (character, look)
            x += cell * width(character)
    for rect in root.iter(f"{_SVG}rect"):
        if rect.attrib.get("shape-rendering") == "crispEdges":
            x, end = float(rect.attrib["x"]), float(rect.attrib["x"])
            end += float(rect.attrib["width"])
            while x < end - 1:
                found[round(x, 1), float(rect.attrib["y"])] = ("ground", rect.attrib["fill"])
                x += 12.2
    return found


@pytest.mark.parametrize("name", LOOKED_AT)
def test_it_looks_as_it_did_when_it_was_looked_at(name: str) -> None:
    keys, options = LOOKED_AT[name]
    svg = asyncio.run(picture(*keys, **options))
    path = PICTURES / f"{name}.svg"
    if os.environ.get("ACD_UPDATE_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        path.write_text(svg, "utf-8")
    now, before = drawn(svg), drawn(path.read_text("utf-8"))
    different = {
        place: (before.get(place), now.get(place))
        for place in now.keys() | before.keys()
        if now.get(place) != before.get(place)
    }
    assert not different, f"{len(different)} differences: {dict(sorted(different.items())[:20])}"


def test_a_picture_is_the_same_every_time() -> None:
    one, other = (asyncio.run(picture(size=(80, 12))) for _ in range(2))
    assert one == other


def test_a_picture_names_nothing_elsewhere() -> None:
    svg = asyncio.run(picture(size=(80, 12)))
    assert re.findall(r"https?://[^\s\"')]+", svg) == ["http://www.w3.org/2000/svg"]
