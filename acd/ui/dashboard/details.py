"""The lines of a session's details.

`reply` is the session as GET returns it, None before the reply.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

from acd.errors import AcdError
from acd.sessions.status import CLOSED, STATUSES
from acd.sessions.values import NS, Json, Now
from acd.terminals import hints as terminal_hints
from acd.text import EVIDENCE, SYMBOLS, age, moment, one_line, pad, printable, width
from acd.ui.dashboard.columns import timeline_pieces, timeline_scale
from acd.ui.dashboard.pieces import Piece, Role, pieces_width
from acd.ui.dashboard.session_row import SessionRow
from acd.ui.dashboard.wrap import wrap_entry, wrap_pieces

DETAIL_SECTIONS: Final = ("history", "evidence", "metadata")
"""The sections that can be opened, in the order of the keys 1, 2, 3."""

_PROMPT_LABELS: Final = {
    "question": "question",
    "working": "last message",
    "attention": "message",
    CLOSED: "last message",
}
_LABEL: Final = len("directory")
_GAP: Final = "  "


class DetailLine(NamedTuple):
    """A line, and the section that it is the heading of."""

    pieces: list[Piece]
    section: str | None = None


def lines(
    row: SessionRow, reply: Json | None, is_open: frozenset[str], room: int, now: Now
) -> list[DetailLine]:
    """The details in lines of at most `room` cells. `is_open` holds the open sections."""
    found = [
        DetailLine(pieces)
        for pieces in (
            *_heading(row, room, now),
            [],
            *_facts(row, reply or row.session, room),
            [],
            *_last_hour(row, room, now),
        )
    ]
    if reply is None:
        return [*found, DetailLine([]), DetailLine([("loading…", "dim")])]
    bodies = {
        "history": _history(reply["history"], now),
        "evidence": _evidence(reply["trail"]),
        "metadata": _metadata(reply),
    }
    for number, section in enumerate(DETAIL_SECTIONS, 1):
        body = bodies[section]
        found += [DetailLine([]), _section(number, section, len(body), section in is_open)]
        if section in is_open:
            for pieces in body or [[("nothing yet", "dim")]]:
                wrapped = wrap_pieces(pieces, room - len(_GAP))
                found += [DetailLine([(_GAP, "plain"), *line]) for line in wrapped]
    return found


def _heading(row: SessionRow, room: int, now: Now) -> Iterable[list[Piece]]:
    status: Piece = (f"{SYMBOLS[row.status]} {row.status}", row.status)
    lasted: Piece = (f" for {age(row.seconds(now))}", "plain")
    why: Piece = (f"because {_why(row)}", "plain")
    one: list[Piece] = [status, lasted, (", ", "plain"), why]
    yield from [one] if pieces_width(one) <= room else [[status, lasted], [why]]
    if row.prompt:
        label: Piece = (f"{_PROMPT_LABELS[row.status]}: ", "dim")
        yield from wrap_entry(label, (row.prompt, "plain"), room)


def _why(row: SessionRow) -> str:
    evidence = str(row.session.get("evidence"))
    return EVIDENCE.get(evidence, printable(evidence))


def _facts(row: SessionRow, session: Json, room: int) -> Iterable[list[Piece]]:
    for name, value in (
        ("directory", row.directory),
        ("agent", _agent(row)),
        ("usage", _usage(row)),
        ("process", _process(session)),
        ("terminal", _terminal(session)),
        ("id", row.id),
        ("resumes", session.get("session_id") if session.get("session_id") != row.id else None),
        ("successor", session.get("superseded_by")),
    ):
        if value:
            lead: Piece = (pad(name, _LABEL) + _GAP, "dim")
            yield from wrap_entry(lead, (one_line(value), "plain"), room)


def _agent(row: SessionRow) -> str:
    parts = [str(row.session.get("agent_type") or ""), row.language_model]
    if row.session.get("attended") is False:
        parts.append("unattended")
    return ", ".join(filter(None, parts))


def _usage(row: SessionRow) -> str:
    usage = row.session.get("api_usage") or {}
    parts = [
        f"{usage[key]:,} {word} tokens"
        for key, word in (("input_tokens", "input"), ("output_tokens", "output"))
        if isinstance(usage.get(key), int)
    ]
    if row.context_percent is not None:
        parts.insert(0, f"{row.context_percent}% of its context")
    if row.cost is not None:
        parts.append(f"${row.cost:.2f}")
    return ", ".join(parts)


def _process(session: Json) -> str:
    parts = [f"pid {session['pid']}" if session.get("pid") else ""]
    parts.append(f"on {session['host']}" if session.get("host") else "")
    return " ".join(filter(None, parts))


def _terminal(session: Json) -> str:
    """The session's terminal, or why acd cannot focus it."""
    hints = session.get("terminal")
    if not hints:
        return ""
    try:
        return terminal_hints.describe(hints)
    except AcdError as error:
        return error.message


def _last_hour(row: SessionRow, room: int, now: Now) -> Iterable[list[Piece]]:
    at = now.wall / NS
    size = max(12, min(72, room))
    yield list(timeline_pieces(row.timeline.cells(at, size)))
    yield [(timeline_scale(size), "dim")]
    totals = row.timeline.totals(at)
    words: list[Piece] = []
    for status in STATUSES.values():
        if status != CLOSED and totals.get(status, 0) >= 1:
            words += [(f"{SYMBOLS[status]} ", status), (f"{status} {age(totals[status])}  ", "dim")]
    if words:
        yield words


def _section(number: int, section: str, count: int, is_open: bool) -> DetailLine:
    return DetailLine(
        [
            (f"{number}", "strong"),
            (f" {section} · {count}", "strong"),
            ("" if is_open else "  …", "dim"),
        ],
        section,
    )


def _history(history: list[Json], now: Now) -> list[list[Piece]]:
    """The transitions, newest first."""
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
    """The evidence log, newest first: time, source, event, effect."""
    sources = max((width(printable(each["source"])) for each in trail), default=0)
    events = min(30, max((width(printable(each["what"])) for each in trail), default=0))
    found: list[list[Piece]] = []
    for each in reversed(trail):
        outcome = printable(each["outcome"])
        role: Role = "dim" if outcome.startswith("no change") else "plain"
        clock = time.strftime("%H:%M:%S", time.localtime(each["at"]))
        found.append(
            [
                (f"{clock}.{int(each['at'] % 1 * 1000):03}  ", "dim"),
                (pad(printable(each["source"]), sources) + _GAP, "dim"),
                (pad(printable(each["what"]), events) + _GAP, "plain"),
                (outcome, role),
            ]
        )
    return found


def _metadata(reply: Json) -> list[list[Piece]]:
    found: list[list[Piece]] = []
    for name, value in (reply["metadata"] | (reply.get("api_usage") or {})).items():
        text = value if isinstance(value, str) else json.dumps(value)
        found.append([(f"{one_line(str(name))}: ", "dim"), (one_line(text), "plain")])
    return found
