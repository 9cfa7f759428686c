"""A timeline in characters: a line a session, blocks for what it did.

Responsible for what stands where in so many columns. Heights tell the statuses
apart, colours (of the caller) only say it again. It refuses to know terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Final

from acd.sessions.status import ATTENTION, QUESTION, WORKING, Status
from acd.text import age, cut, one_line, pad, width
from acd.ui.timeline.axis import marks
from acd.ui.timeline.chart import DRAWN, Chart, Row

BLOCKS: Final[Mapping[Status, str]] = {WORKING: "▂", ATTENTION: "▅", QUESTION: "█"}
_GAP: Final = "  "
_NAME: Final = 20
_LEAST: Final = 10
"""Columns of blocks below which the totals give way."""
_MARK: Final = 8
"""Columns for each time of the axis: five of it, and air."""

Paint = Callable[[str, Status], str]


def draw(chart: Chart, columns: int, paint: Paint) -> str:
    """The whole picture, in lines of at most so many columns."""
    names = [one_line(row.session["display_name"]) for row in chart.rows]
    name = min(_NAME, columns // 3, max(map(width, names)))
    totals: list[tuple[str, list[str]]] = [
        ("waited", [age(row.waited) for row in chart.rows]),
        ("worked", [age(row.worked) for row in chart.rows]),
    ]
    while totals and columns - name - _columns(totals) < _LEAST + len(_GAP):
        totals.pop()
    room = max(0, columns - name - len(_GAP) - _columns(totals))
    lines = [_line(" " * name, _axis(chart, room), [_right(total, 0) for total in totals])]
    for number, row in enumerate(chart.rows):
        cells = [_right(total, number + 1) for total in totals]
        lines.append(
            _line(pad(cut(names[number], name), name), _blocks(chart, row, room, paint), cells)
        )
    return "\n".join([*lines, "", *_legend(columns, paint), *_summary(chart, columns)])


def _legend(columns: int, paint: Paint) -> list[str]:
    """What the blocks mean, in one line where there is room for it, else in a line each."""
    entries = [paint(BLOCKS[status], status) + cut(f" {status}", columns - 1) for status in DRAWN]
    room = sum(len(f"{BLOCKS[status]} {status}{_GAP}") for status in DRAWN) - len(_GAP)
    return [_GAP.join(entries)] if room <= columns else entries


def _line(name: str, blocks: str, cells: list[str]) -> str:
    return _GAP.join([name, blocks, *cells]).rstrip()


def _columns(totals: list[tuple[str, list[str]]]) -> int:
    return sum(len(_GAP) + _size(total) for total in totals)


def _size(total: tuple[str, list[str]]) -> int:
    return max(map(len, (total[0], *total[1])))


def _right(total: tuple[str, list[str]], line: int) -> str:
    """The head (line 0) or a cell of a column of totals."""
    return (total[0], *total[1])[line].rjust(_size(total))


def _axis(chart: Chart, room: int) -> str:
    line = " " * room
    for at, text in marks(chart.since, chart.until, max(1, room // _MARK)):
        column = int((at - chart.since) / chart.span * room)
        if column + len(text) <= room:
            line = line[:column] + text + line[column + len(text) :]
    return line


def _blocks(chart: Chart, row: Row, room: int, paint: Paint) -> str:
    shown = ""
    cells = row.past.cells(chart.until, room, chart.span) if room else []
    for status, same in groupby(cells):
        count = len(list(same))
        if status is None or status not in BLOCKS:
            shown += " " * count
        else:
            shown += paint(BLOCKS[status] * count, status)
    return shown


def _summary(chart: Chart, columns: int) -> list[str]:
    sentences = [
        f"waited for you: {age(chart.waited)}",
        f"worked: {age(chart.worked)}",
    ]
    lines = [_GAP.join(sentences)]
    if forgotten := chart.cut:
        names = ", ".join(one_line(row.session["display_name"]) for row in forgotten)
        lines.append(f"only the newest changes are remembered of {names}")
    return [cut(line, columns) for line in lines]
