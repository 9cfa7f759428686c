"""A timeline as an SVG picture (SVG 1.1), for light and for dark pages.

Responsible for a file that shows the same everywhere: no script, no font or
image from elsewhere. Pointing at a block tells what it was. It refuses to know
where the file goes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from html import escape
from typing import Final

from acd.sessions.status import ATTENTION, QUESTION, WORKING
from acd.text import age, cut, one_line
from acd.ui.timeline.axis import marks
from acd.ui.timeline.chart import DRAWN, Chart, Row, Stretch

_WIDTH: Final = 960
_LEFT: Final = 170
_RIGHT: Final = 180
_TOP: Final = 64
_ROW: Final = 30
_FOOT: Final = 56
_MARK: Final = 80
_HEIGHTS: Final = {WORKING: 6, ATTENTION: 13, QUESTION: 20}
"""Of the blocks: the statuses are told apart without colour, too."""

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
    """The picture as the text of a file."""
    height = _TOP + _ROW * max(1, len(chart.rows)) + _FOOT
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
    if forgotten := chart.cut:
        names = ", ".join(one_line(row.session["display_name"]) for row in forgotten)
        told = cut(f"only the newest changes are remembered of {names}", 80)
        parts.append(_text(_WIDTH - 16, height - 18, told, "dim end"))
    return "\n".join([*parts, "</svg>", ""])


def _grid(chart: Chart, height: int) -> Iterator[str]:
    room = _WIDTH - _LEFT - _RIGHT
    for at, text in marks(chart.since, chart.until, room // _MARK):
        x = _x(chart, at)
        yield (
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 10}"'
            f' y2="{height - _FOOT + 4}"/>'
        )
        yield _text(x, 48, text, "dim middle")


def _row(chart: Chart, number: int, row: Row) -> Iterator[str]:
    base = _TOP + _ROW * number + 22
    yield _text(16, base - 4, cut(one_line(row.session["display_name"]), 20), "")
    for stretch in row.stretches:
        x, end = _x(chart, stretch.start), _x(chart, stretch.end)
        tall = _HEIGHTS[stretch.status]
        yield (
            f'<rect class="{stretch.status}" x="{x:.1f}" y="{base - tall}"'
            f' width="{max(1.0, end - x):.1f}" height="{tall}">'
            f"<title>{escape(_told(stretch))}</title></rect>"
        )
    yield _text(_WIDTH - 100, base - 4, age(row.waited), "end")
    yield _text(_WIDTH - 16, base - 4, age(row.worked), "dim end")


def _told(stretch: Stretch) -> str:
    start, end = (
        time.strftime("%H:%M:%S", time.localtime(at)) for at in (stretch.start, stretch.end)
    )
    return f"{stretch.status} {start} to {end} ({age(stretch.seconds)})"


def _legend(y: int) -> Iterator[str]:
    x = 16
    for status in DRAWN:
        tall = _HEIGHTS[status]
        yield f'<rect class="{status}" x="{x}" y="{y - tall + 2}" width="14" height="{tall}"/>'
        yield _text(x + 20, y, status, "dim")
        x += 100


def _x(chart: Chart, at: float) -> float:
    return _LEFT + (at - chart.since) / chart.span * (_WIDTH - _LEFT - _RIGHT)


def _text(x: float, y: float, text: str, classes: str) -> str:
    named = f' class="{classes}"' if classes else ""
    return f'<text{named} x="{x:.1f}" y="{y}">{escape(text)}</text>'
