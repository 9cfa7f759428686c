"""Draws a timeline as an SVG picture (SVG 1.1), for light and for dark pages.

The file has no script and loads nothing, so that it looks the same everywhere. Each block has a
tooltip.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from html import escape
from typing import Final

from acd.sessions.status import ATTENTION, QUESTION, WORKING
from acd.text import age, cut
from acd.ui.timeline.axis import ticks
from acd.ui.timeline.chart import DRAWN, Chart, Interval, TimelineRow

_WIDTH: Final = 960
_LEFT: Final = 170
_RIGHT: Final = 180
_TOP: Final = 64
_ROW: Final = 30
_BOTTOM: Final = 56
_TICK: Final = 80
_HEIGHTS: Final = {WORKING: 6, ATTENTION: 13, QUESTION: 20}
"""Of the blocks: the statuses can be distinguished without colour."""

_STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.dim { fill: #687078 } .end { text-anchor: end } .middle { text-anchor: middle }
.title { font-size: 15px; font-weight: 600 } .beside { font-size: 13px; font-weight: 400 }
.ground { fill: #fdfdfc }
.grid { stroke: #d8dde2 } .working { fill: #1b7a3a } .attention { fill: #b77b00 }
.question { fill: #c4222f }
@media (prefers-color-scheme: dark) {
text { fill: #d5dae1 } .dim { fill: #868e99 } .ground { fill: #14171c } .grid { stroke: #2b323c }
.working { fill: #5fb877 } .attention { fill: #e6b450 } .question { fill: #ff8078 }
}"""


def draw(chart: Chart) -> str:
    """The text of the SVG file."""
    height = _TOP + _ROW * max(1, len(chart.rows)) + _BOTTOM
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
        f' width="{_WIDTH}" height="{height}" role="img">'
    )
    title = f"waited for you: {age(chart.waited)}"
    parts = [
        head,
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}\n</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{height}"/>',
        f'<text class="title" x="16" y="26">{escape(title)}'
        f'<tspan class="beside dim" dx="16">worked: {escape(age(chart.worked))}</tspan></text>',
        _text(_WIDTH - 100, 48, "waited", "dim end"),
        _text(_WIDTH - 16, 48, "worked", "dim end"),
        *_grid(chart, height),
        *(part for number, row in enumerate(chart.rows) for part in _row(chart, number, row)),
        *_legend(height - 18),
    ]
    if chart.note:
        parts.append(_text(_WIDTH - 16, height - 18, cut(chart.note, 80), "dim end"))
    return "\n".join([*parts, "</svg>", ""])


def _grid(chart: Chart, height: int) -> Iterator[str]:
    room = _WIDTH - _LEFT - _RIGHT
    for at, label in ticks(chart.since, chart.until, room // _TICK):
        x = _x(chart, at)
        yield (
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 10}"'
            f' y2="{height - _BOTTOM + 4}"/>'
        )
        yield _text(x, 48, label, "dim middle")


def _row(chart: Chart, number: int, row: TimelineRow) -> Iterator[str]:
    base = _TOP + _ROW * number + 22
    yield _text(16, base - 4, cut(row.name, 20), "")
    for interval in row.intervals:
        x, end = _x(chart, interval.start), _x(chart, interval.end)
        height = _HEIGHTS[interval.status]
        yield (
            f'<rect class="{interval.status}" x="{x:.1f}" y="{base - height}"'
            f' width="{max(1.0, end - x):.1f}" height="{height}">'
            f"<title>{escape(_tooltip(interval))}</title></rect>"
        )
    yield _text(_WIDTH - 100, base - 4, age(row.waited), "end")
    yield _text(_WIDTH - 16, base - 4, age(row.worked), "dim end")


def _tooltip(interval: Interval) -> str:
    start, end = (
        time.strftime("%H:%M:%S", time.localtime(at)) for at in (interval.start, interval.end)
    )
    return f"{interval.status} {start} to {end} ({age(interval.seconds)})"


def _legend(y: int) -> Iterator[str]:
    x = 16
    for status in DRAWN:
        height = _HEIGHTS[status]
        yield f'<rect class="{status}" x="{x}" y="{y - height + 2}" width="14" height="{height}"/>'
        yield _text(x + 20, y, status, "dim")
        x += 100


def _x(chart: Chart, at: float) -> float:
    return _LEFT + (at - chart.since) / chart.span * (_WIDTH - _LEFT - _RIGHT)


def _text(x: float, y: float, text: str, classes: str) -> str:
    attribute = f' class="{classes}"' if classes else ""
    return f'<text{attribute} x="{x:.1f}" y="{y}">{escape(text)}</text>'
