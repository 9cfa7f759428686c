"""Recordings: the evidence as it arrives, for bug reports, and its replay.

Responsible for what a recording holds (never a prompt's text) and for feeding
one to a fresh core. It refuses to know where it comes from: the daemon pushes
the lines, a file keeps them.

A recording is text: `acd-recording 1 <acd's version>`, then the journal's
records (sessions/records.py), each moment before what happened in it. A line that
begins with `#` is a remark.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from acd import __version__
from acd.sessions.metadata import FIELDS
from acd.sessions.records import BadRecord, apply_record, moment_record, read_moment, session_record
from acd.sessions.store import Store
from acd.sessions.values import Json, Now

HEADER: Final = "acd-recording 1"

_TEXTS: Final = frozenset({"text", "prompt", "said", "questions"})
_OF_THE_USER: Final = frozenset({"name", "metadata"})
"""What the user has given a session, and is nobody else's to read."""


def opening() -> str:
    """A recording's first line."""
    return f"{HEADER} {__version__}"


def picture(store: Store, now: Now) -> list[str]:
    """The sessions that a recording begins with."""
    return [moment_record(now), *(_plain(session_record(session)) for session in store.list_all())]


def lines(records: Iterable[str], now: Now) -> list[str]:
    """Records as a recording keeps them."""
    return [
        moment_record(now),
        *(_plain(line) for record in records for line in record.split("\n")),
    ]


class Recorder(Protocol):
    """Where records are written."""

    def append(self, records: list[str], now: Now) -> None: ...


def _plain(record: str) -> str:
    """The record without anything that was asked or said."""
    verb, _, rest = record.partition(" ")
    match verb.upper():
        case "EVENT":
            return f"{verb} {json.dumps(_without_texts(json.loads(rest)))}"
        case "SESSION":
            fields = _without_texts(json.loads(rest))
            plain = {key: fields[key] for key in fields if key not in _OF_THE_USER}
            return f"{verb} {json.dumps(plain)}"
        case "SET":
            session, status, *metadata = rest.split(None, 2)
            if not metadata:
                return record
            given = json.loads(metadata[0])
            kept = FIELDS.keys() & given.keys() - _TEXTS - _OF_THE_USER
            plain = {key: given[key] for key in FIELDS if key in kept}
            return f"SET {session} {status} {json.dumps(plain)}"
        case "API_USAGE":
            return f"API_USAGE {rest.split(None, 1)[0]} {{}}"
    return record


def _without_texts(fields: Json) -> Json:
    plain = {key: value for key, value in fields.items() if key not in _TEXTS}
    if isinstance(belief := plain.get("belief"), dict):
        plain["belief"] = {key: value for key, value in belief.items() if key != "said"}
        if "questions" in belief:
            plain["belief"]["questions"] = {
                key: [at, None, *who] for key, (at, _, *who) in belief["questions"].items()
            }
    return plain


def replay(recording: Iterator[str]) -> Iterator[tuple[Now, str, Store]]:
    """Feeds a recording to a fresh core; yields each record after it was applied.

    Raises BadRecord for what is no recording of a version that is known.
    """
    store = Store()
    now = Now(0, 0)
    if not next(recording, "").startswith(f"{HEADER} "):
        raise BadRecord("not a recording: its first line is not `acd-recording 1 …`")
    for line in recording:
        if line.startswith("#"):
            continue
        if line.startswith("@ "):
            now = read_moment(line)
            continue
        apply_record(store, line, now)
        yield now, line, store
