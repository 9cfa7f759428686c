"""A session, or a change, as a line of text that a later version can read.

Responsible for the records of the journal and of recordings, and for applying
them again to a store. It refuses to know files. Records of version 1 must
stay readable for ever: fields may be added, and what is missing has a default.

A record is a line:
    `@ <wall> <boot>`          the moment at which the following ones happened
    `SET …`, `RM …`, `DELETE …`, `API_USAGE …`    as in the protocol
    `RESURRECT <session>`
    `EVENT <json>`             a hook's event, reduced
    `CORRECT <session> <source> <says> <at>`
    `SESSION <json>`           a whole session, replacing what was before
"""

from __future__ import annotations

import json
from typing import Final, cast

from acd.core.belief import Belief
from acd.core.corrections import Source
from acd.core.events import HookEvent
from acd.core.metadata import Refused, parse_api_usage, parse_metadata, parse_object
from acd.core.session import Json, Now, Session, Trace, Transition
from acd.core.status import STATUSES
from acd.core.store import Store

VERSION: Final = 1

_PLAIN: Final = (
    "since",
    "entered",
    "evidence",
    "working_dir",
    "name",
    "agent_type",
    "resume_id",
    "prompt",
    "metadata",
    "api_usage",
    "pid",
    "pid_start",
    "host",
    "config_dir",
    "terminal",
    "attended",
    "superseded_by",
    "closed_at",
)
"""The fields whose value in JSON is their value in memory."""


class BadRecord(Exception):
    """A line that is no record of a version that is known; the text says why."""


def moment_record(now: Now) -> str:
    """The time of the records that follow, in nanoseconds."""
    return f"@ {now.wall} {now.boot}"


def event_record(event: HookEvent) -> str:
    return f"EVENT {json.dumps(event.to_record())}"


def correction_record(session_id: str, source: Source, says: str, at: int) -> str:
    return f"CORRECT {session_id} {source} {says} {at}"


def session_record(session: Session) -> str:
    """The whole session; what has its default is left out."""
    fields: Json = {"id": session.id, "status": session.status}
    for name in _PLAIN:
        value = getattr(session, name)
        if value is not None and value is not False:
            fields[name] = value
    if session.belief is not None:
        fields["belief"] = session.belief.to_record()
    if session.history:
        fields["history"] = session.history
    if session.trail:
        fields["trail"] = session.trail
    return f"SESSION {json.dumps(fields)}"


def read_session(fields: Json) -> Session:
    """The inverse of session_record. Raises BadRecord."""
    try:
        moment = Now(fields["since"], fields["entered"])
        session = Session(fields["id"], STATUSES[fields["status"]], moment)
        for name in _PLAIN:
            if name in fields:
                setattr(session, name, fields[name])
        session.belief = Belief.from_record(fields["belief"]) if "belief" in fields else None
        session.history = [
            Transition(at, STATUSES[origin], STATUSES[to], duration)
            for at, origin, to, duration in fields.get("history", ())
        ] or None
        session.trail = [Trace(*trace) for trace in fields.get("trail", ())] or None
    except (KeyError, TypeError, ValueError) as error:
        raise BadRecord(f"not a session: {error!r}") from None
    return session


def read_moment(line: str) -> Now:
    """The inverse of moment_record. Raises BadRecord."""
    try:
        _, wall, boot = line.split(" ")
        return Now(int(wall), int(boot))
    except ValueError:
        raise BadRecord("not a moment") from None


def apply_record(store: Store, line: str, now: Now) -> None:
    """Does again what a record says was done. Raises BadRecord."""
    verb, _, rest = line.partition(" ")
    try:
        _apply(store, verb.upper(), rest, now)
    except Refused as refused:
        # It was accepted when it was written, so this line is not what was written.
        raise BadRecord(str(refused)) from None


def _apply(store: Store, verb: str, rest: str, now: Now) -> None:
    match verb, rest.split(None, 2):
        case "SET", [session, status, *metadata] if status in STATUSES:
            given = parse_metadata(metadata[0]) if metadata else None
            store.set(session, STATUSES[status], given, now)
        case "RM", [session]:
            store.remove(session, now)
        case "DELETE", [session]:
            store.delete(session)
        case "RESURRECT", [session]:
            store.resurrect(session, now)
        case "API_USAGE", [session, *_]:
            store.set_api_usage(session, parse_api_usage(rest.split(None, 1)[1]))
        case "EVENT", _:
            store.apply_hook(HookEvent.from_record(parse_object(rest, "event")), now)
        case "CORRECT", [session, source, tail] if source in {"registry", "process"}:
            says, _, at = tail.rpartition(" ")
            if not at.isdigit():
                raise BadRecord("not a correction")
            store.correct(session, cast(Source, source), says, int(at), now)
        case "SESSION", _:
            store.restore(read_session(parse_object(rest, "session")))
        case _:
            raise BadRecord(f"unknown record {verb[:20]!r}")
