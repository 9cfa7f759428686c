"""Lays out the lines of the session list: the columns that fit, and their text."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final, NamedTuple

from acd.sessions.status import CLOSED, Status
from acd.sessions.values import NS, Now
from acd.text import SYMBOLS, age, cut, cut_left, pad, width
from acd.ui.dashboard.model import ClosedDivider, Line
from acd.ui.dashboard.pieces import Piece, Role
from acd.ui.dashboard.session_row import SessionRow
from acd.ui.timeline.terminal import BLOCKS

_BAR_ROLES: Final[dict[Status | None, Role]] = {
    "question": "question bar",
    "attention": "attention bar",
    "working": "working bar",
}

_GAP: Final = 2
_STATUS: Final = len("▲ attention")
_AGE: Final = len("59m 59s")
_LEAST_NAME: Final = 10
_TIMELINE: Final = 36
_GROWTH: Final = (
    ("text", 16),
    ("timeline", 12),
    ("text", 36),
    ("timeline", 24),
    ("context", len("100%")),
    ("text", 60),
    ("directory", 20),
    ("language_model", 12),
    ("text", 80),
    ("directory", 60),
    ("timeline", _TIMELINE),
    ("text", 200),
)
"""Columns beside status, name and age, and the width that they may grow to, in the order of
importance. A step is taken if there is room for it."""
_FLEXIBLE: Final = frozenset({"text", "directory"})
"""The columns that may stop between two steps."""


class Columns(NamedTuple):
    """The columns' widths in cells; 0 for one that is not shown."""

    name: int
    timeline: int = 0
    text: int = 0
    directory: int = 0
    language_model: int = 0
    context: int = 0


def fit(rows: Iterable[SessionRow], room: int) -> Columns:
    """The columns for these rows on a line of `room` cells."""
    wanted = _wanted(list(rows))
    spare = room - _STATUS - _AGE - 2 * _GAP
    sizes = {"name": min(wanted.name, max(_LEAST_NAME, spare))}
    spare -= sizes["name"]
    is_full = False
    for name, most in _GROWTH:
        before, size = sizes.get(name, 0), min(most, getattr(wanted, name))
        cost = size - before + (0 if before else _GAP)
        if before and name in _FLEXIBLE:
            cost = min(cost, spare)
            size = before + cost
        if size <= before or (is_full and not before):
            continue
        if cost <= spare:
            sizes[name] = size
            spare -= cost
        else:
            is_full = True  # a less important column must not take the room
    if "text" in sizes:
        sizes["text"] += spare  # aligns the timelines with the end of the line
    return Columns(**sizes)


def _wanted(rows: list[SessionRow]) -> Columns:
    return Columns(
        name=max([_LEAST_NAME, *(min(28, width(row.label)) for row in rows)]),
        text=max([0, *(width(row.prompt) for row in rows)]),
        directory=max([0, *(width(row.directory) for row in rows)]),
        language_model=max([0, *(min(12, width(row.language_model)) for row in rows)]),
        context=4 if any(row.context_percent is not None for row in rows) else 0,
        timeline=_TIMELINE,
    )


def line_pieces(line: Line, columns: Columns, room: int, now: Now) -> list[Piece]:
    """The line's pieces, exactly `room` cells."""
    if isinstance(line, ClosedDivider):
        return _divider_pieces(line, room)
    return list(_padded(_row_pieces(line, columns, now), room))


def _row_pieces(row: SessionRow, columns: Columns, now: Now) -> Iterable[Piece]:
    is_closed = row.status == CLOSED
    yield pad(f"{SYMBOLS[row.status]} {row.status}", _STATUS + _GAP), row.status
    name_role: Role = "dim" if is_closed else "strong" if row.needs_you else "plain"
    yield pad(cut(row.label, columns.name), columns.name + _GAP), name_role
    age_role: Role = row.status if row.needs_you else "dim"
    yield f"{age(row.seconds(now)):>{_AGE}}", age_role
    if columns.text:
        text, role = _text(row, columns)
        yield " " * _GAP + pad(text, columns.text), "dim" if is_closed else role
    if columns.directory:
        yield " " * _GAP + pad(cut_left(row.directory, columns.directory), columns.directory), "dim"
    if columns.language_model:
        yield (
            " " * _GAP
            + pad(cut(row.language_model, columns.language_model), columns.language_model),
            "dim",
        )
    if columns.context:
        used = "" if row.context_percent is None else f"{row.context_percent}%"
        yield " " * _GAP + f"{used:>{columns.context}}", "dim"
    if columns.timeline:
        yield " " * _GAP, "plain"
        yield from timeline_pieces(row.timeline.cells(now.wall / NS, columns.timeline))


def _text(row: SessionRow, columns: Columns) -> Piece:
    if row.prompt:
        return cut(row.prompt, columns.text), "dim" if row.prompt_is_old else "plain"
    # The directory identifies a row without a text.
    directory = "" if columns.directory else row.directory
    return cut_left(directory, columns.text), "dim"


def timeline_pieces(cells: Iterable[Status | None]) -> Iterable[Piece]:
    """A timeline's cells as blocks, one piece for each run of a status."""
    for status, run in groupby(cells):
        block = BLOCKS.get(status, " ") if status else " "
        yield block * len(list(run)), _BAR_ROLES.get(status, "no bar")


def timeline_scale(size: int) -> str:
    """The line above or below a timeline of the last hour in `size` cells."""
    return f"1h ago{'now':>{size - 6}}"


def _divider_pieces(divider: ClosedDivider, room: int) -> list[Piece]:
    verb = "hides" if divider.is_open else "shows"
    text = cut(f"── {divider.closed} closed · c {verb} them ", room)
    return [(text + "─" * (room - width(text)), "dim")]


def _padded(line: Iterable[Piece], room: int) -> Iterable[Piece]:
    for text, role in line:
        size = width(text)
        if size > room:
            yield pad(cut(text, room), room), role
            return
        room -= size
        yield text, role
    if room > 0:
        yield " " * room, "plain"


def heading(columns: Columns) -> str:
    """The titles of the columns."""
    titles = [pad("status", _STATUS), pad("name", columns.name), f"{'for':>{_AGE}}"]
    for title, size in (
        ("question or last message", columns.text),
        ("directory", columns.directory),
        ("model", columns.language_model),
        ("ctx", columns.context),
    ):
        if size:
            titles.append(f"{title:>{size}}" if title == "ctx" else pad(cut(title, size), size))
    if columns.timeline:
        titles.append(timeline_scale(columns.timeline))
    return (" " * _GAP).join(titles)
