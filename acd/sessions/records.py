"""A session, or a change, as a line of text that a later version can read.

Responsible for the records of the journal and of recordings, and for applying
them again to a store. It refuses to know files. Records of version 1 must
stay readable for ever: fields may be added, and what is missing has a default.

A record is a line:
    `@ <wall> <boot>`          the moment at which the following ones happened
    `SET …`, `RM …`, `DELETE …`, `API_USAGE …`    as in the protocol
    `RESURRECT <session>`
    `EVENT <json>`             a hook's event, reduced
    `CORRECT <session> <source> <says> <at> [subagent]`
    `SESSION <json>`           a whole session, replacing what was before
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, cast

from acd.sessions.activity import AgentActivity
from acd.sessions.corrections import Source
from acd.sessions.events import HookEvent
from acd.sessions.metadata import (
    Refused,
    check_depth,
    parse_api_usage,
    parse_object,
    recorded_metadata,
)
from acd.sessions.processes import Process
from acd.sessions.session import EvidenceEntry, Session, Transition
from acd.sessions.status import STATUSES
from acd.sessions.store import Store
from acd.sessions.values import Json, Now, is_session_id, is_whole

VERSION: Final = 1

FIELDS: Final = {
    "since": int,
    "entered": int,
    "evidence": str,
    "working_dir": str,
    "name": str,
    "agent_type": str,
    "resume_id": str,
    "prompt": str,
    "metadata": dict,
    "api_usage": dict,
    "pid": int,
    "pid_start": int,
    "host": str,
    "config_dir": str,
    "terminal": dict,
    "attended": bool,
    "transcript": str,
    "superseded_by": str,
    "closed_at": int,
}
"""A session's fields whose value in JSON is their value in memory, and its type."""


class BadRecord(Exception):
    """A line that is no record of a version that is known; the text says why."""


def moment_record(now: Now) -> str:
    """The time of the records that follow, in nanoseconds."""
    return f"@ {now.wall} {now.boot}"


def event_record(event: HookEvent) -> str:
    return f"EVENT {json.dumps(event.to_record())}"


def correction_record(
    session_id: str, source: Source, says: str, at: int, subagent: str | None = None
) -> str:
    words = (session_id, source, says, str(at), subagent)
    return " ".join(["CORRECT", *filter(None, words)])


def session_record(session: Session) -> str:
    """The whole session; what has its default is left out."""
    fields: Json = {"id": session.id, "status": session.status}
    for name in FIELDS:
        value = getattr(session, name)
        if value is not None:
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
        session = Session(_session_id(fields["id"]), STATUSES[fields["status"]], moment)
        for name, kind in FIELDS.items():
            # Version 0.1.0 kept texts with NUL, which no system call takes.
            if name in fields and not (kind is str and "\0" in str(fields[name])):
                setattr(session, name, _checked(name, fields[name], kind))
        session.belief = AgentActivity.from_record(fields["belief"]) if "belief" in fields else None
        session.history = [
            Transition(_time(at), STATUSES[origin], STATUSES[to], _time(duration))
            for at, origin, to, duration in fields.get("history", ())
        ] or None
        session.trail = [
            EvidenceEntry(_time(at), str(source), str(what), str(outcome))
            for at, source, what, outcome in fields.get("trail", ())
        ] or None
    except (KeyError, TypeError, ValueError) as error:
        raise BadRecord(f"not a session: {error!r}") from None
    return session


def _session_id(value: Any) -> str:
    if type(value) is not str or not is_session_id(value):
        raise ValueError(f"id: {value!r}")
    return value


def _time(value: Any) -> int:
    if not is_whole(value):
        raise ValueError(f"time: {value!r}")
    return cast(int, value)


def _checked(name: str, value: Any, kind: type) -> Any:
    if type(value) is not kind or (kind is int and not is_whole(value)):
        raise ValueError(f"{name}: {value!r}")
    if isinstance(value, dict):
        check_depth(value, name)
        if name == "terminal" and not all(type(hint) is str for hint in value.values()):
            raise ValueError(f"{name}: {value!r}")
    return value


def read_moment(line: str) -> Now:
    """The inverse of moment_record. Raises BadRecord."""
    try:
        _, wall, boot = line.split(" ")
        return Now(_time(int(wall)), _time(int(boot)))
    except ValueError:
        raise BadRecord("not a moment") from None


def touched(store: Store, record: str) -> Iterator[str]:
    """The sessions that records may have changed, those that are gone by now included."""
    for line in record.split("\n"):
        verb, _, rest = line.partition(" ")
        if verb != "EVENT":
            yield rest.split(None, 1)[0]
            continue
        event = HookEvent.from_record(parse_object(rest, "event"))
        yield event.session
        if event.pid is not None:
            # It may have superseded the others of its process.
            yield from (other.id for other in store.sessions_of(Process(event.host, event.pid)))


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
            given = recorded_metadata(metadata[0]) if metadata else None
            store.set(session, STATUSES[status], given, now)
        case "RM", [session]:
            store.remove(session, now)
        case "DELETE", [session]:
            store.delete(session)
        case "RESURRECT", [session]:
            store.resurrect(session, now)
        case "API_USAGE", [session, _, *_]:
            store.set_api_usage(session, parse_api_usage(rest.split(None, 1)[1]))
        case "EVENT", _:
            store.apply_hook(HookEvent.from_record(parse_object(rest, "event")), now)
        case "CORRECT", [session, source, tail] if source in {"registry", "process"}:
            try:
                says, at, *more = tail.split()
                moment = _time(int(at))
            except ValueError:
                raise BadRecord("not a correction") from None
            subagent = more[0] if more else None
            store.correct(session, cast(Source, source), says, moment, now, subagent=subagent)
        case "SESSION", _:
            store.restore(read_session(parse_object(rest, "session")))
        case _:
            raise BadRecord(f"unknown record {verb[:20]!r}")
