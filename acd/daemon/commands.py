"""One handler for each request that reads or changes sessions.

Handlers never wait; what needs IO is passed in as functions. The requests about
a connection (SUBSCRIBE, INFO, STOP, RECORD) are in server.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from acd.agents.catalog import AGENTS, resume_argv
from acd.agents.payloads import read_hook_event
from acd.protocol import (
    ApiUsage,
    Close,
    Delete,
    Get,
    History,
    Hook,
    Info,
    List,
    Ping,
    Record,
    Request,
    Resurrect,
    Set,
    Stop,
    Subscribe,
    ok_line,
    state_line,
)
from acd.sessions.events import HookEvent
from acd.sessions.metadata import parse_api_usage, parse_metadata, parse_object
from acd.sessions.records import deleted_record, event_record
from acd.sessions.store import Change, Store
from acd.sessions.values import Now, Refused

Outcome = tuple[str, list[Change], str | None]
"""The reply; the changes to push to subscribers; and the record that the journal
writes before the reply goes out, None for a request that changes nothing. (A
plain tuple: a named one takes five times as long to make.)
"""

Handler = Callable[[Any, str, Now], Outcome | None]
"""Gets the request, its line and the time; returns None for a request about its connection.
Raises Refused, whose text is the reply after `ERR `."""


class Commands:
    """The handlers, by the type of the request.

    `is_dir` returns whether a path is a directory; `observe` completes an event
    of this machine with facts about its process.
    """

    def __init__(
        self,
        store: Store,
        *,
        local_host: str,
        is_dir: Callable[[str], bool],
        observe: Callable[[HookEvent], HookEvent] = lambda event: event,
    ):
        self._store = store
        self._local_host = local_host
        self._is_dir = is_dir
        self._observe = observe
        self.handlers: Mapping[type[Request], Handler] = {
            Set: self._set,
            Close: self._close,
            Delete: self._delete,
            Get: self._get,
            History: self._history,
            List: self._list,
            Resurrect: self._resurrect,
            ApiUsage: self._api_usage,
            Hook: self._hook,
            Ping: lambda request, line, now: ("OK", [], None),
            **dict.fromkeys((Subscribe, Info, Stop, Record), lambda request, line, now: None),
        }

    def _set(self, request: Set, line: str, now: Now) -> Outcome:
        session_id, status, text = request
        metadata = None
        if text:
            if len(text) > self._store.rules.max_metadata:
                self._check_size("metadata", text)
            metadata = parse_metadata(text)
        changes = self._store.set(session_id, status, metadata, now)
        return "OK", changes, line if len(changes) == 1 else _with_removals(line, changes)

    def _close(self, request: Close, line: str, now: Now) -> Outcome:
        return "OK", self._store.close(request.session_id, now), line

    def _delete(self, request: Delete, line: str, now: Now) -> Outcome:
        return "OK", self._store.delete(request.session_id), line

    def _get(self, request: Get, line: str, now: Now) -> Outcome:
        session = self._store.get(request.session_id)
        return ok_line(session.to_wire_whole(now)), [], None

    def _history(self, request: History, line: str, now: Now) -> Outcome:
        session = self._store.get(request.session_id)
        transitions = [transition.to_wire() for transition in session.history or ()]
        return ok_line(transitions), [], None

    def _list(self, request: List, line: str, now: Now) -> Outcome:
        sessions = [session.to_wire(now) for session in self._store.list_all()]
        return state_line(sessions), [], None

    def _resurrect(self, request: Resurrect, line: str, now: Now) -> Outcome:
        session = self._store.check_resurrectable(request.session_id)
        argv = resume_argv(session.agent_type, session.resume_id)
        if argv is None:
            raise Refused("not resumable")
        # A relative path would be looked up in the daemon's own directory.
        directory = session.working_dir or ""
        if not directory.startswith("/") or not self._is_dir(directory):
            raise Refused("working directory missing")
        changes = self._store.resurrect(session.id, now)
        return ok_line({"argv": argv, "cwd": session.working_dir}), changes, line

    def _api_usage(self, request: ApiUsage, line: str, now: Now) -> Outcome:
        self._check_size("api usage", request.usage)
        self._store.set_api_usage(request.session_id, parse_api_usage(request.usage))
        return "OK", [], line

    def _hook(self, request: Hook, line: str, now: Now) -> Outcome:
        if request.agent not in AGENTS:
            raise Refused(f"unknown agent: must be one of {', '.join(AGENTS)}")
        event = read_hook_event(
            AGENTS[request.agent],
            parse_object(request.meta, "meta"),
            parse_object(request.event, "event"),
            local_host=self._local_host,
        )
        if not self._store.rules.keep_text:
            event = event.without_text()
        if event.at is None:
            # The record needs a time, so that a replay uses the same one.
            event = event._replace(at=now.wall)
        event = self._observe(event)
        changes = self._store.apply_hook(event, now)
        return "OK", changes, _with_removals(event_record(event), changes)

    def _check_size(self, what: str, text: str) -> None:
        limit = self._store.rules.max_metadata
        if len(text) > limit:
            raise Refused(f"invalid {what}: at most {limit} bytes, not {len(text)}")


def _with_removals(record: str, changes: list[Change]) -> str:
    """Returns the record, and one for each closed session that was removed to make room."""
    removed = [change.session.id for change in changes if change.kind == "removed"]
    return "\n".join([record, *map(deleted_record, removed)])
