"""All that is known about one session, as lines.

Responsible for what the details say and for which of their sections are open.
It refuses to know widgets, and where the facts come from: `whole` is what GET
answers, None while it has not answered yet.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from itertools import groupby
from typing import Final, NamedTuple

from acd.errors import AcdError
from acd.sessions.status import CLOSED, STATUSES
from acd.sessions.values import NS, Json, Now
from acd.terminals import hints as terminal_hints
from acd.text import EVIDENCE, SYMBOLS, age, moment, one_line, pad, printable, width
from acd.ui.dashboard.columns import Piece, Role, blocks
from acd.ui.dashboard.rows import Row

SECTIONS: Final = ("history", "evidence", "metadata")
"""What can be opened and folded, in the order of the keys 1, 2, 3."""

_SAID: Final = {
    "question": "asks",
    "working": "last said",
    "attention": "said",
    CLOSED: "last said",
}
_LABEL: Final = len("directory")
_GAP: Final = "  "


class DetailLine(NamedTuple):
    """A line, and the section that it is the heading of, if it is one."""

    pieces: list[Piece]
    section: str | None = None


def lines(
    row: Row, whole: Json | None, is_open: frozenset[str], room: int, now: Now
) -> list[DetailLine]:
    """The details of a session in lines of at most `room` cells."""
    found = [
        *_heading(row, room, now),
        DetailLine([]),
        *_facts(row, whole, room),
        DetailLine([]),
        *_hour(row, room, now),
    ]
    if whole is None:
        return [*found, DetailLine([]), DetailLine([("asking the daemon…", "dim")])]
    bodies = {
        "history": _history(row, whole["history"], now),
        "evidence": _evidence(whole["trail"]),
        "metadata": _metadata(whole, room),
    }
    for number, section in enumerate(SECTIONS, 1):
        body = bodies[section]
        found += [DetailLine([]), _section(number, section, len(body), section in is_open)]
        if section in is_open:
            for pieces in body or [[("nothing yet", "dim")]]:
                found += [DetailLine([("  ", "plain"), *rest]) for rest in _wrap(pieces, room - 2)]
    return found


def _heading(row: Row, room: int, now: Now) -> Iterable[DetailLine]:
    status: Piece = (f"{SYMBOLS[row.status]} {row.status}", row.status)
    lasted: Piece = (f" for {age(row.seconds(now))}", "plain")
    why: Piece = (f"because {_why(row)}", "plain")
    if sum(width(text) for text, _ in (status, lasted, why)) + 2 <= room:
        yield DetailLine([status, lasted, (", ", "plain"), why])
    else:
        yield DetailLine([status, lasted])
        yield DetailLine([why])
    if row.prompt:
        said = f"{_SAID[row.status]}: "
        for number, text in enumerate(wrapped(row.prompt, max(8, room - width(said)))):
            lead = said if number == 0 else " " * width(said)
            yield DetailLine([(lead, "dim"), (text, "plain")])


def _why(row: Row) -> str:
    evidence = str(row.session.get("evidence"))
    return EVIDENCE.get(evidence, printable(evidence))


def _facts(row: Row, whole: Json | None, room: int) -> Iterable[DetailLine]:
    session = whole or row.session
    for name, value in (
        ("directory", row.directory),
        ("agent", _agent(row)),
        ("usage", _usage(row)),
        ("process", _process(session)),
        ("terminal", _terminal(session)),
        ("id", row.id),
        ("resumes", session.get("session_id") if session.get("session_id") != row.id else None),
        ("went on", session.get("superseded_by")),
    ):
        if value:
            lead = pad(name, _LABEL) + _GAP
            for number, text in enumerate(wrapped(one_line(value), max(8, room - width(lead)))):
                head = lead if number == 0 else " " * width(lead)
                yield DetailLine([(head, "dim"), (text, "plain")])


def _agent(row: Row) -> str:
    parts = [str(row.session.get("agent_type") or ""), row.model]
    if row.session.get("attended") is False:
        parts.append("unattended")
    return ", ".join(filter(None, parts))


def _usage(row: Row) -> str:
    usage = row.session.get("api_usage") or {}
    parts = [
        f"{usage[key]:,} {word} tokens"
        for key, word in (("input_tokens", "input"), ("output_tokens", "output"))
        if isinstance(usage.get(key), int)
    ]
    if row.context is not None:
        parts.insert(0, f"{row.context}% of its context")
    if row.cost is not None:
        parts.append(f"${row.cost:.2f}")
    return ", ".join(parts)


def _process(session: Json) -> str:
    parts = [f"pid {session['pid']}" if session.get("pid") else ""]
    parts.append(f"on {session['host']}" if session.get("host") else "")
    return " ".join(filter(None, parts))


def _terminal(session: Json) -> str:
    """Where it is, or why nobody can jump there."""
    hints = session.get("terminal")
    if not hints:
        return ""
    try:
        return terminal_hints.describe(hints)
    except AcdError as error:
        return error.message


def _hour(row: Row, room: int, now: Now) -> Iterable[DetailLine]:
    at = now.wall / NS
    size = max(12, min(72, room))
    yield DetailLine(list(blocks(row.timeline.cells(at, size))))
    yield DetailLine([(f"1h ago{'now':>{size - 6}}", "dim")])
    totals = row.timeline.totals(at)
    words: list[Piece] = []
    for status in STATUSES.values():
        if status != CLOSED and totals.get(status, 0) >= 1:
            words += [(f"{SYMBOLS[status]} ", status), (f"{status} {age(totals[status])}  ", "dim")]
    if words:
        yield DetailLine(words)


def _section(number: int, section: str, count: int, is_open: bool) -> DetailLine:
    what = f" {section} · {count}"
    return DetailLine(
        [(f"{number}", "strong"), (what, "strong"), ("" if is_open else "  …", "dim")], section
    )


def _history(row: Row, history: list[Json], now: Now) -> list[list[Piece]]:
    """Newest first, with how long each status lasted."""
    found: list[list[Piece]] = []
    for each in reversed(history):
        origin, to = STATUSES[each["from"]], STATUSES[each["to"]]
        found.append(
            [
                (f"{moment(each['at'], now.wall / NS)}  ", "dim"),
                (pad(f"{SYMBOLS[to]} {to}", 11), to),
                (f"  after {age(each['duration'])} {origin}", "dim"),
            ]
        )
    return found


def _evidence(trail: list[Json]) -> list[list[Piece]]:
    """Newest first: when, who, what it said, and what that changed."""
    sources = max((width(printable(each["source"])) for each in trail), default=0)
    whats = min(30, max((width(printable(each["what"])) for each in trail), default=0))
    found: list[list[Piece]] = []
    for each in reversed(trail):
        outcome = printable(each["outcome"])
        role: Role = "dim" if outcome.startswith("no change") else "plain"
        clock = time.strftime("%H:%M:%S", time.localtime(each["at"]))
        found.append(
            [
                (f"{clock}.{int(each['at'] % 1 * 1000):03}  ", "dim"),
                (pad(printable(each["source"]), sources) + _GAP, "dim"),
                (pad(printable(each["what"]), whats) + _GAP, "plain"),
                (outcome, role),
            ]
        )
    return found


def _metadata(whole: Json, room: int) -> list[list[Piece]]:
    found: list[list[Piece]] = []
    for name, value in (whole["metadata"] | (whole.get("api_usage") or {})).items():
        text = value if isinstance(value, str) else json.dumps(value)
        found.append([(f"{one_line(str(name))}: ", "dim"), (one_line(text), "plain")])
    return found


def _wrap(pieces: list[Piece], room: int) -> list[list[Piece]]:
    """The line in as many as it takes; what goes on below is set under its last piece."""
    lead = sum(width(text) for text, _ in pieces[:-1])
    indent = lead if lead <= room // 2 else 2
    text = "".join(text for text, _ in pieces)
    first = wrapped(text, room)[0]
    rest = text[len(first) :].lstrip(" ")
    lines = [first, *(wrapped(rest, max(8, room - indent)) if rest else ())]
    # Only spaces were lost on the way, so each character finds its role again.
    roles = [(character, role) for text, role in pieces for character in text]
    place = 0
    found: list[list[Piece]] = []
    for number, line in enumerate(lines):
        placed: list[tuple[str, Role]] = []
        for character in line:
            while roles[place][0] != character:
                place += 1
            placed.append(roles[place])
            place += 1
        runs = groupby(placed, key=lambda each: each[1])
        margin: list[Piece] = [(" " * indent, "plain")] if number else []
        found.append(margin + [("".join(each for each, _ in run), role) for role, run in runs])
    return found


def wrapped(text: str, room: int) -> list[str]:
    """The text in lines of at most `room` cells, broken at spaces where that is possible."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and width(lines[-1]) + 1 + width(word) <= room:
            lines[-1] += f" {word}"
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if width(lines[-1]) + width(character) > room:
                lines.append("")
            lines[-1] += character
    return lines
