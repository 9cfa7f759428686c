"""The table of sessions: one line a session, in the columns that the terminal has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from acd.cli.result import TerminalStyle
from acd.cli.style import paint
from acd.sessions.status import STATUSES
from acd.sessions.values import Json
from acd.text import SYMBOLS, age, cut, cut_left, one_line, pad, printable, short_path, width

GAP: Final = "  "
SHORTEST_TEXT: Final = 8
"""A session's text is left out where fewer columns than these are left for it."""
_WHOLE: Final = 1_000_000


class _Column(NamedTuple):
    cells: list[str]
    minimum: int = _WHOLE
    """The width down to which its cells are cut."""
    keeps_end: bool = False
    """Cells are cut at the beginning: the end of a path is the useful part."""


def table(
    sessions: Sequence[Json], style: TerminalStyle, *, known: Iterable[str] = ()
) -> list[str]:
    """The lines: status, id, name, age, directory, and the question or last message.

    Ids are shortened to what is unique among the listed sessions and the ids in `known`.
    """
    home = None if style.home is None else str(style.home)
    short = short_ids({session["id"] for session in sessions}.union(known))
    columns = {
        "status": _Column([f"{SYMBOLS[STATUSES[s['status']]]} {s['status']}" for s in sessions]),
        "id": _Column([printable(short[session["id"]]) for session in sessions]),
        "name": _Column([one_line(session["display_name"]) for session in sessions], 6),
        "age": _Column([age(session["elapsed"]) for session in sessions]),
        "directory": _Column(
            [short_path(each["working_dir"] or "", home) for each in sessions], 10, keeps_end=True
        ),
        "text": _Column([one_line(session["prompt"] or "") for session in sessions], 20),
    }
    lines = []
    rows = zip(*_fit(columns, style.columns), strict=True)
    for session, cells in zip(sessions, rows, strict=True):
        line = GAP.join(cells).rstrip()
        if style.columns is not None:
            line = cut(line, style.columns)
        if style.colour:
            end = len(line) if session["status"] == "closed" else len(cells[0])
            line = paint(line[:end], session["status"]) + line[end:]
        lines.append(line)
    return lines


def short_ids(ids: Iterable[str], shortest: int = 8) -> dict[str, str]:
    """Each id with its shortest unique beginning of at least `shortest` characters."""
    ordered = sorted(ids)
    short = {}
    for index, this in enumerate(ordered):
        neighbours = ordered[max(0, index - 1) : index] + ordered[index + 1 : index + 2]
        shared = max((_shared(this, other) for other in neighbours), default=0)
        short[this] = this[: max(shortest, shared + 1)]
    return short


def _shared(one: str, other: str) -> int:
    """The length of the common beginning."""
    pairs = zip(one, other, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _fit(columns: dict[str, _Column], room: int | None) -> list[list[str]]:
    """The padded cells of the columns that fit into `room` terminal columns."""
    natural = {name: max(map(width, column.cells)) for name, column in columns.items()}
    sizes = {name: size for name, size in natural.items() if size}
    if room is not None:
        smallest = {name: min(columns[name].minimum, size) for name, size in sizes.items()}
        for name in ("directory", "id"):
            if _total(smallest) > room:
                smallest.pop(name, None)
        if (excess := _total(smallest) - room) > 0 and "text" in smallest:
            smallest["text"] -= excess
            if smallest["text"] < SHORTEST_TEXT:
                del smallest["text"]
        sizes = _grow(smallest, natural, room - _total(smallest))
    return [
        [
            pad((cut_left if columns[name].keeps_end else cut)(cell, size), size)
            for cell in columns[name].cells
        ]
        for name, size in sizes.items()
    ]


def _total(sizes: dict[str, int]) -> int:
    return sum(sizes.values()) + len(GAP) * (len(sizes) - 1)


def _grow(sizes: dict[str, int], natural: dict[str, int], spare: int) -> dict[str, int]:
    """The sizes, with the spare columns added up to the natural sizes."""
    for name in ("name", "directory", "text"):
        if name in sizes:
            # A directory takes at most half: the text after it needs the rest.
            most = spare // 2 if name == "directory" and "text" in sizes else spare
            more = max(0, min(most, natural[name] - sizes[name]))
            sizes[name] += more
            spare -= more
    return sizes
