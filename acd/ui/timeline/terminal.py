"""Draws a timeline in characters: one line of blocks for each session.

Blocks differ in height, so that the statuses can be distinguished without colour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Final

from acd.sessions.status import ATTENTION, QUESTION, WORKING, Status
from acd.text import age, cut, pad, width
from acd.ui.timeline.axis import ticks
from acd.ui.timeline.chart import DRAWN, Chart, TimelineRow

BLOCKS: Final[Mapping[Status, str]] = {WORKING: "▂", ATTENTION: "▅", QUESTION: "█"}
_GAP: Final = "  "
_NAME_COLUMNS: Final = 20
_MIN_BLOCKS: Final = 10
"""Columns of blocks below which the totals are left out."""
_TICK_COLUMNS: Final = 8
"""Columns for each tick of the axis: five for its label, and space."""

Paint = Callable[[str, Status], str]


def draw(chart: Chart, columns: int, paint: Paint) -> str:
    """The whole timeline, in lines of at most `columns`. `paint` colours a text by a status."""
    name_columns = min(_NAME_COLUMNS, columns // 3, max(width(row.name) for row in chart.rows))
    totals = [
        _right_justified(["waited", *(age(row.waited) for row in chart.rows)]),
        _right_justified(["worked", *(age(row.worked) for row in chart.rows)]),
    ]
    rest = columns - name_columns
    while totals and rest - _columns(totals) < _MIN_BLOCKS + len(_GAP):
        totals.pop()
    room = max(0, rest - len(_GAP) - _columns(totals))
    names = ["", *(cut(row.name, name_columns) for row in chart.rows)]
    blocks = [_axis(chart, room), *(_blocks(chart, row, room, paint) for row in chart.rows)]
    lines = [
        _GAP.join([pad(name, name_columns), *cells]).rstrip()
        for name, *cells in zip(names, blocks, *totals, strict=True)
    ]
    return "\n".join([*lines, "", *_legend(columns, paint), *_summary(chart, columns)])


def _right_justified(cells: list[str]) -> list[str]:
    return [cell.rjust(max(map(len, cells))) for cell in cells]


def _columns(totals: list[list[str]]) -> int:
    return sum(len(_GAP) + len(total[0]) for total in totals)


def _axis(chart: Chart, room: int) -> str:
    line = " " * room
    for at, label in ticks(chart.since, chart.until, max(1, room // _TICK_COLUMNS)):
        column = int((at - chart.since) / chart.span * room)
        if column + len(label) <= room:
            line = line[:column] + label + line[column + len(label) :]
    return line


def _blocks(chart: Chart, row: TimelineRow, room: int, paint: Paint) -> str:
    blocks = ""
    cells = row.past.cells(chart.until, room, chart.span) if room else []
    for status, same in groupby(cells):
        count = len(list(same))
        if status is None or status not in BLOCKS:
            blocks += " " * count
        else:
            blocks += paint(BLOCKS[status] * count, status)
    return blocks


def _legend(columns: int, paint: Paint) -> list[str]:
    """The meaning of the blocks, in one line if it fits, else in a line each."""
    entries = [paint(BLOCKS[status], status) + cut(f" {status}", columns - 1) for status in DRAWN]
    room = len(_GAP.join(f"{BLOCKS[status]} {status}" for status in DRAWN))
    return [_GAP.join(entries)] if room <= columns else entries


def _summary(chart: Chart, columns: int) -> list[str]:
    sums = f"waited for you: {age(chart.waited)}{_GAP}worked: {age(chart.worked)}"
    return [cut(line, columns) for line in (sums, chart.note) if line]
