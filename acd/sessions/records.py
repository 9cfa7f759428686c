"""The records of journals and recordings: writes them, and applies them to a store.

Records of version 1 stay readable for ever: fields may be added, and a missing field has its
default. A record is a line (docs/journal.md):
    `@ <wall> <boot>`          the time of the records that follow
    `SET …`, `RM …`, `DELETE …`, `API_USAGE …`    as in the protocol
    `RESURRECT <session>`
    `EVENT <json>`             a reduced hook event
    `CORRECT <session> <source> <word> <at> [subagent]`    an observation
    `SESSION <json>`           a whole session, in place of what was known before
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast

from acd.sessions.activity import AgentActivity
from acd.sessions.events import HookEvent
from acd.sessions.metadata import check_depth, parse_api_usage, parse_object, recorded_metadata
from acd.sessions.processes import Process
from acd.sessions.session import EvidenceEntry, Session, Transition
from acd.sessions.signals import OBSERVER, PROCESS, Observation, Source, Translator
from acd.sessions.status import STATUSES
from acd.sessions.store import Store
from acd.sessions.values import Json, Now, Refused, is_session_id, is_whole

MAGIC: Final = "acd-journal"
VERSION: Final = 1

SESSION_FIELDS: Final = {
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
"""A session's fields that are stored as they are, and the type of each."""


class BadRecord(Exception):
    """A line that is not a record of a known version; the text is the reason."""


def moment_record(now: Now) -> str:
    """The record of the time at which the following ones happened, in nanoseconds."""
    return f"@ {now.wall} {now.boot}"


def event_record(event: HookEvent) -> str:
    """The record of a hook event."""
    return f"EVENT {json.dumps(event.to_record())}"


def observation_record(session_id: str, observation: Observation) -> str:
    """The record of an observation."""
    source, _, word, at, subagent = observation
    return " ".join(["CORRECT", *filter(None, (session_id, source, word, str(at), subagent))])


def deleted_record(session_id: str) -> str:
    """The record of a session's removal."""
    return f"DELETE {session_id}"


def session_record(session: Session) -> str:
    """The record of a whole session; what has its default is left out."""
    fields: Json = {"id": session.id, "status": session.status}
    for name in SESSION_FIELDS:
        value = getattr(session, name)
        if value is not None:
            fields[name] = value
    if session.activity is not None:
        fields["belief"] = session.activity.to_record()
    if session.history:
        fields["history"] = session.history
    if session.evidence_log:
        fields["trail"] = session.evidence_log
    return f"SESSION {json.dumps(fields)}"


def read_session(fields: Json, translator: Translator) -> Session:
    """The session of a SESSION record's object. Raises BadRecord."""
    try:
        moment = Now(fields["since"], fields["entered"])
        session_id, status = _session_id(fields["id"]), STATUSES[fields["status"]]
        session = Session(session_id, status, moment, translator.default_agent)
        for name, kind in SESSION_FIELDS.items():
            # Version 0.1.0 kept texts with NUL, which no system call takes.
            if name in fields and not (kind is str and "\0" in str(fields[name])):
                setattr(session, name, _checked(name, fields[name], kind))
        if "belief" in fields:
            session.activity = AgentActivity.from_record(fields["belief"], translator)
        session.history = [
            Transition(_time(at), STATUSES[origin], STATUSES[to], _time(duration))
            for at, origin, to, duration in fields.get("history", ())
        ] or None
        session.evidence_log = [
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


def journal_header(boot_id: str) -> str:
    """The first line of a journal of this boot, without its end."""
    return f"{MAGIC} {VERSION} {boot_id}"


def apply_lines(
    store: Store,
    lines: Iterable[bytes],
    translator: Translator,
    on_error: Callable[[Exception], None],
) -> int:
    """Applies a journal's lines behind the header; returns the size of the complete ones in bytes.

    A line without its end was cut off in a write, so its changes were never acknowledged. The
    error of a line is passed to `on_error`: BadRecord or UnicodeDecodeError for an invalid record,
    any other for a bug.
    """
    now = Now(0, 0)
    size = 0
    for raw in lines:
        if not raw.endswith(b"\n"):
            break
        size += len(raw)
        try:
            now = apply_record(store, raw[:-1].decode(), now, translator)
        except Exception as error:
            on_error(error)
    return size


def touched(store: Store, record: str) -> Iterator[str]:
    """The ids of the sessions that records may have changed, removed ones included."""
    for line in record.split("\n"):
        verb, _, rest = line.partition(" ")
        if verb != "EVENT":
            yield rest.split(None, 1)[0]
            continue
        event = parse_object(rest, "event")
        yield event["session"]
        if "pid" in event:
            # The event may have superseded the other sessions of its process.
            process = Process(event.get("host"), event["pid"])
            yield from (session.id for session in store.sessions_of(process))


def apply_record(store: Store, line: str, now: Now, translator: Translator) -> Now:
    """Applies a record at `now`; returns the time of the records behind it. Raises BadRecord."""
    if line.startswith("@ "):
        return read_moment(line)
    verb, _, rest = line.partition(" ")
    try:
        _apply(store, verb.upper(), rest, now, translator)
    except Refused as refused:
        # A record holds what was accepted, so this line was changed afterwards.
        raise BadRecord(str(refused)) from None
    return now


def _apply(store: Store, verb: str, rest: str, now: Now, translator: Translator) -> None:
    match verb, rest.split(None, 2):
        case "SET", [session, status, *metadata] if status in STATUSES:
            given = recorded_metadata(metadata[0]) if metadata else None
            store.set(session, STATUSES[status], given, now)
        case "RM", [session]:
            store.close(session, now)
        case "DELETE", [session]:
            store.delete(session)
        case "RESURRECT", [session]:
            store.resurrect(session, now)
        case "API_USAGE", [session, _, *_]:
            store.set_api_usage(session, parse_api_usage(rest.split(None, 1)[1]))
        case "EVENT", _:
            event = HookEvent.from_record(parse_object(rest, "event"), translator)
            store.apply_hook(event, now)
        case "CORRECT", [session, source, tail] if source in {OBSERVER, PROCESS}:
            observation = _read_observation(cast(Source, source), tail.split(), translator)
            store.apply_observation(session, observation, now)
        case "SESSION", _:
            store.restore(read_session(parse_object(rest, "session"), translator))
        case _:
            raise BadRecord(f"unknown record {verb[:20]!r}")


def _read_observation(source: Source, words: list[str], translator: Translator) -> Observation:
    try:
        word, at, *subagent = words
        moment = _time(int(at))
    except ValueError:
        raise BadRecord("not a correction") from None
    kind = translator.observation(word)
    return Observation(source, kind, word, moment, subagent[0] if subagent else None)
