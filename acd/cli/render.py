"""What commands print: lines and tables for people, JSON for programs.

Responsible for the form of what is shown and for the one place that writes
it. It refuses to know where sessions come from.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import click

from acd import paths, text
from acd.client.mirror import SessionChange
from acd.sessions.status import STATUSES
from acd.sessions.values import Json
from acd.text import SYMBOLS, age, cut, cut_left, one_line, pad, printable, width

EXIT_BROKEN_PIPE: Final = 141
"""What a shell makes of SIGPIPE."""

_COLOURS: Final[Mapping[str, Mapping[str, Any]]] = {
    "question": {"fg": "red", "bold": True},
    "attention": {"fg": "yellow"},
    "working": {"fg": "green"},
    "closed": {"dim": True},
}
_GAP: Final = "  "


@dataclass(frozen=True)
class Look:
    """What the output may look like."""

    columns: int | None
    """The terminal's width; None where lines may be as long as they are."""
    colour: bool
    home: Path | None
    """What is written as `~`."""


def look(environ: Mapping[str, str]) -> Look:
    """What standard output can show. NO_COLOR as on no-color.org."""
    terminal = is_terminal(sys.stdout)
    return Look(
        columns=shutil.get_terminal_size().columns if terminal else None,
        colour=terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb",
        home=paths.home(environ),
    )


def is_terminal(stream: Any) -> bool:
    """Whether a person reads it. (A closed standard stream is None.)"""
    return stream is not None and stream.isatty()


def write(text: str) -> None:
    """Writes lines to standard output, at once.

    Ends the command quietly when nobody reads them. Raises AcdError.
    """
    try:
        print(text, flush=True)
    except OSError as error:
        give_up(error)


def give_up(error: OSError) -> NoReturn:
    """Ends a command whose output cannot be written, as write() says. Raises AcdError."""
    from acd.cli import output  # only here

    try:
        output.fail(error)
    except BrokenPipeError:
        raise click.exceptions.Exit(EXIT_BROKEN_PIPE) from None


def to_json(value: Any, *, indent: int | None = 2) -> str:
    """JSON for programs: ASCII, so that no terminal takes anything in it for an order."""
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def short_ids(ids: Iterable[str], least: int = 8) -> dict[str, str]:
    """Each id's beginning that is no other's, at least this many characters of it."""
    ordered = sorted(ids)
    short = {}
    for place, this in enumerate(ordered):
        neighbours = ordered[max(0, place - 1) : place] + ordered[place + 1 : place + 2]
        shared = max((_shared(this, other) for other in neighbours), default=0)
        short[this] = this[: max(least, shared + 1)]
    return short


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


_WHOLE: Final = 1_000_000
_SHORTEST_TEXT: Final = 8


class _Column(NamedTuple):
    cells: list[str]
    least: int
    """Columns below which it says nothing any more."""
    keeps_end: bool = False
    """Whether its end says more than its beginning."""


def paint(text: str, status: str) -> str:
    """The text in the status's colour."""
    return click.style(text, **_COLOURS[status])


def table(sessions: list[Json], look: Look, *, known: Iterable[str] = ()) -> str:
    """One line a session: status, id, name, age, directory, what it asks or last said.

    The ids are as long as tells them apart among those shown and `known`.
    """
    short = short_ids({session["id"] for session in sessions}.union(known))
    columns = {
        "status": _Column([_status(each["status"]) for each in sessions], _WHOLE),
        "id": _Column([printable(short[each["id"]]) for each in sessions], _WHOLE),
        "name": _Column([one_line(each["display_name"]) for each in sessions], 6),
        "age": _Column([age(each["elapsed"]) for each in sessions], _WHOLE),
        "directory": _Column([directory(each, look) for each in sessions], 10, keeps_end=True),
        "text": _Column([one_line(each["prompt"] or "") for each in sessions], 20),
    }
    lines = []
    cells_of_lines = zip(*_fit(columns, look.columns), strict=True)
    for session, cells in zip(sessions, cells_of_lines, strict=True):
        line = _GAP.join(cells).rstrip()
        if look.columns is not None:
            line = cut(line, look.columns)
        if look.colour:
            line = _coloured(line, session["status"], len(cells[0]))
        lines.append(line)
    return "\n".join(lines)


def _fit(columns: dict[str, _Column], room: int | None) -> list[list[str]]:
    """The padded cells of the columns that `room` has a place for."""
    natural = {name: max(map(width, column.cells)) for name, column in columns.items()}
    sizes = {name: size for name, size in natural.items() if size}
    if room is not None:
        least = {name: min(columns[name].least, size) for name, size in sizes.items()}
        for name in ("directory", "id"):
            if _total(least) > room:
                least.pop(name, None)
        if (excess := _total(least) - room) > 0 and "text" in least:
            least["text"] -= excess
            if least["text"] < _SHORTEST_TEXT:
                del least["text"]
        sizes = _grow(least, natural, room - _total(least))
    return [
        [
            pad((cut_left if columns[name].keeps_end else cut)(cell, size), size)
            for cell in columns[name].cells
        ]
        for name, size in sizes.items()
    ]


def _total(sizes: dict[str, int]) -> int:
    return sum(sizes.values()) + len(_GAP) * (len(sizes) - 1)


def _grow(sizes: dict[str, int], wanted: dict[str, int], spare: int) -> dict[str, int]:
    """The sizes, with the spare columns given to those that want them."""
    for name in ("name", "directory", "text"):
        if name in sizes:
            # A directory leaves something for what is said behind it.
            most = spare // 2 if name == "directory" and "text" in sizes else spare
            more = max(0, min(most, wanted[name] - sizes[name]))
            sizes[name] += more
            spare -= more
    return sizes


def _status(status: str) -> str:
    return f"{SYMBOLS[STATUSES[status]]} {status}"


def _coloured(line: str, status: str, characters: int) -> str:
    """The line with its first characters in the status's colour; a closed one's, all of it."""
    if status == "closed":
        characters = len(line)
    return paint(line[:characters], status) + line[characters:]


def directory(session: Json, look: Look) -> str:
    """The session's directory, with `~` for the home."""
    path = session["working_dir"] or ""
    home = str(look.home)
    if look.home is not None and (path == home or path.startswith(f"{home}/")):
        path = "~" + path[len(home) :]
    return printable(path)


def moment(at: float, *, now: float | None = None) -> str:
    """A time of today as `12:03:05`, another one with its date."""
    return text.moment(at, time.time() if now is None else now)


def change(difference: SessionChange, look: Look) -> str:
    """One line: when, the new status, who, what it asks or said, and what it was before."""
    before, after = difference.before, difference.after
    session = after or before or {}
    word = after["status"] if after else "removed"
    # Under each other where there is room for it.
    column = 12 if look.columns is None or look.columns >= 60 else 0
    name = pad(cut(one_line(session["display_name"]), 20), column)
    text = one_line(after["prompt"] or "") if after else ""
    when = moment(happened(difference))
    head = _GAP.join((when, pad(word, 9), name))
    tail = _was(difference)
    if look.columns is not None and text:
        room = look.columns - width(head) - len(_GAP)
        if room - width(tail) - len(_GAP) < _SHORTEST_TEXT:
            tail = ""
        else:
            room -= width(tail) + len(_GAP)
        text = cut(text, room)
    line = _GAP.join(filter(None, (head, text, tail)))
    if look.columns is not None:
        line = cut(line, look.columns)
    if look.colour:
        start, end = len(when + _GAP), len(when + _GAP + word)
        colour = _COLOURS.get(word, _COLOURS["closed"])
        line = line[:start] + click.style(line[start:end], **colour) + line[end:]
    return line


def _was(difference: SessionChange) -> str:
    before = difference.before
    if before is None:
        return "(new)"
    if difference.after is not None and difference.after["status"] == before["status"]:
        return "(still)"
    lasted = "" if difference.elapsed is None else f" {age(difference.elapsed)}"
    return f"(was {before['status']}{lasted})"


def happened(difference: SessionChange) -> float:
    """When it became so, unix seconds; for what has no time of its own, now."""
    before, after = difference.before, difference.after
    if after is None:
        return time.time()
    entered = before is None or any(before[key] != after[key] for key in ("status", "since"))
    return float(after["since"]) if entered else time.time()
