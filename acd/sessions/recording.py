"""Recordings of the journal's records for bug reports, without any text of user or agent.

A recording is text: `acd-recording 1 <acd's version>`, then records (sessions/records.py),
each moment's record before those of its events. A line that begins with `#` is a remark.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from acd import __version__
from acd.sessions.metadata import METADATA_KEYS
from acd.sessions.records import BadRecord, apply_record, moment_record, session_record
from acd.sessions.signals import Translator
from acd.sessions.store import Store
from acd.sessions.values import Json, Now

HEADER: Final = "acd-recording 1"

_TEXTS: Final = frozenset({"text", "prompt", "said", "questions"})
_OF_THE_USER: Final = frozenset({"name", "metadata"})
"""Fields that the user gave a session: private as well."""


def opening() -> str:
    """A recording's first line."""
    return f"{HEADER} {__version__}"


def session_records(store: Store, now: Now) -> list[str]:
    """The records of all sessions, with which a recording begins."""
    return [moment_record(now), *(_plain(session_record(session)) for session in store.list_all())]


def lines(records: Iterable[str], now: Now) -> list[str]:
    """The lines of a recording for records of one moment."""
    return [
        moment_record(now),
        *(_plain(line) for record in records for line in record.split("\n")),
    ]


class RecordWriter(Protocol):
    """Where records are written."""

    def append(self, records: list[str], now: Now) -> None:
        """Writes records of one moment."""


def _plain(record: str) -> str:
    """The record without texts."""
    verb, _, rest = record.partition(" ")
    match verb.upper():
        case "EVENT":
            return f"{verb} {json.dumps(_without_texts(json.loads(rest)))}"
        case "SESSION":
            fields = _without_texts(json.loads(rest))
            plain = {key: fields[key] for key in fields if key not in _OF_THE_USER}
            return f"{verb} {json.dumps(plain)}"
        case "SET" as verb:
            session, status, *metadata = rest.split(None, 2)
            if not metadata:
                return record
            fields = json.loads(metadata[0])
            kept = METADATA_KEYS.keys() & fields.keys() - _TEXTS - _OF_THE_USER
            plain = {key: fields[key] for key in METADATA_KEYS if key in kept}
            return f"{verb} {session} {status} {json.dumps(plain)}"
        case "API_USAGE" as verb:
            return f"{verb} {rest.split(None, 1)[0]} {{}}"
    return record


def _without_texts(fields: Json) -> Json:
    plain = {key: value for key, value in fields.items() if key not in _TEXTS}
    if isinstance(activity := plain.get("belief"), dict):
        plain["belief"] = {key: value for key, value in activity.items() if key != "said"}
        if "questions" in activity:
            plain["belief"]["questions"] = {
                key: [at, None, *more] for key, (at, _, *more) in activity["questions"].items()
            }
    return plain


def replay(recording: Iterator[str], translator: Translator) -> Iterator[tuple[Now, str, Store]]:
    """Applies a recording to a new store; yields (time, record, store) after each record.

    Raises BadRecord for what is not a recording of a known version.
    """
    store = Store(translator.default_agent)
    now = Now(0, 0)
    if not next(recording, "").startswith(f"{HEADER} "):
        raise BadRecord("not a recording: its first line is not `acd-recording 1 …`")
    for line in recording:
        if line.startswith("#"):
            continue
        now = apply_record(store, line, now, translator)
        if not line.startswith("@ "):
            yield now, line, store
