"""One handler for each verb that reads or changes sessions.

Responsible for the words of requests and replies: `(arguments, line, now) ->
Outcome`, never waiting, knowing no connection. It refuses to know sockets and
subscriptions (server.py), and asks the few facts that need IO from functions
that are passed in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from acd.agents.catalog import AGENTS, resume_argv
from acd.agents.payloads import read_hook_event
from acd.protocol import state_line
from acd.sessions.events import HookEvent
from acd.sessions.metadata import Refused, parse_api_usage, parse_metadata, parse_object
from acd.sessions.records import event_record
from acd.sessions.status import STATUSES
from acd.sessions.store import Change, Store
from acd.sessions.values import Now

USAGE: Final = {
    "SET": "SET <session> <status> [metadata_json]",
    "RM": "RM <session>",
    "DELETE": "DELETE <session>",
    "GET": "GET <session>",
    "HISTORY": "HISTORY <session>",
    "LIST": "LIST",
    "RESURRECT": "RESURRECT <session>",
    "API_USAGE": "API_USAGE <session> <json>",
    "HOOK": "HOOK <agent> <meta_json> <event_json>",
}


Outcome = tuple[str, list[Change], str | None]
"""The reply; the changes that subscribers are told; and the record that the
journal keeps before the reply goes out, None for what changes nothing. (A
plain tuple: a named one takes five times as long to make.)
"""

Handler = Callable[[str, str, Now], Outcome]


class Commands:
    """The verbs, by name. Handlers raise Refused, whose text is the reply behind `ERR `.

    `is_dir` tells whether a path is a directory; `observe` completes an event
    of this machine with what can be seen of its process.
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
        self.handlers: Mapping[str, Handler] = {
            "SET": self.set,
            "RM": self.remove,
            "DELETE": self.delete,
            "GET": self.get,
            "HISTORY": self.history,
            "LIST": self.list,
            "RESURRECT": self.resurrect,
            "API_USAGE": self.api_usage,
            "HOOK": self.hook,
        }

    def set(self, args: str, line: str, now: Now) -> Outcome:
        words = args.split(None, 2)
        if len(words) < 2:
            raise _usage("SET")
        status = STATUSES.get(words[1])
        if status is None:
            raise Refused("invalid status")
        metadata = None
        if len(words) == 3:
            if len(words[2]) > self._store.rules.max_metadata:
                self._check_size("metadata", words[2])
            metadata = parse_metadata(words[2])
        changes = self._store.set(words[0], status, metadata, now)
        return ("OK", changes, line if len(changes) == 1 else _recorded(line, changes))

    def remove(self, args: str, line: str, now: Now) -> Outcome:
        return ("OK", self._store.remove(_one("RM", args), now), line)

    def delete(self, args: str, line: str, now: Now) -> Outcome:
        return ("OK", self._store.delete(_one("DELETE", args)), line)

    def get(self, args: str, line: str, now: Now) -> Outcome:
        session = self._store.get(_one("GET", args))
        return (f"OK {json.dumps(session.to_wire_whole(now))}", [], None)

    def history(self, args: str, line: str, now: Now) -> Outcome:
        session = self._store.get(_one("HISTORY", args))
        transitions = [transition.to_wire() for transition in session.history or ()]
        return (f"OK {json.dumps(transitions)}", [], None)

    def list(self, args: str, line: str, now: Now) -> Outcome:
        if args and not args.isspace():
            raise _usage("LIST")
        sessions = [session.to_wire(now) for session in self._store.list_all()]
        return (state_line(sessions), [], None)

    def resurrect(self, args: str, line: str, now: Now) -> Outcome:
        session = self._store.check_resurrectable(_one("RESURRECT", args))
        argv = resume_argv(session.agent_type, session.resume_id)
        if argv is None:
            raise Refused("not resumable")
        # A relative one would be looked for in the daemon's own directory.
        directory = session.working_dir or ""
        if not directory.startswith("/") or not self._is_dir(directory):
            raise Refused("working directory missing")
        changes = self._store.resurrect(session.id, now)
        answer = json.dumps({"argv": argv, "cwd": session.working_dir})
        return (f"OK {answer}", changes, line)

    def api_usage(self, args: str, line: str, now: Now) -> Outcome:
        words = args.split(None, 1)
        if len(words) != 2:
            raise _usage("API_USAGE")
        self._check_size("api usage", words[1])
        self._store.set_api_usage(words[0], parse_api_usage(words[1]))
        return ("OK", [], line)

    def hook(self, args: str, line: str, now: Now) -> Outcome:
        words = args.split(None, 2)
        if len(words) != 3:
            raise _usage("HOOK")
        agent, meta, payload = words
        if agent not in AGENTS:
            raise Refused(f"unknown agent: must be one of {', '.join(AGENTS)}")
        event = read_hook_event(
            AGENTS[agent],
            parse_object(meta, "meta"),
            parse_object(payload, "event"),
            local_host=self._local_host,
        )
        if not self._store.rules.keep_text:
            event = event.without_text()
        if event.at is None:
            # It gets ours, so that a replay gives it the same one.
            event = replace(event, at=now.wall)
        event = self._observe(event)
        changes = self._store.apply_hook(event, now)
        return ("OK", changes, _recorded(event_record(event), changes))

    def _check_size(self, what: str, text: str) -> None:
        if len(text) > self._store.rules.max_metadata:
            limit = self._store.rules.max_metadata
            raise Refused(f"invalid {what}: at most {limit} bytes, not {len(text)}")


def _one(verb: str, args: str) -> str:
    words = args.split()
    if len(words) != 1:
        raise _usage(verb)
    return words[0]


def _recorded(record: str, changes: list[Change]) -> str:
    """The record, and those of the closed sessions that had to make room."""
    gone = [f"DELETE {change.session.id}" for change in changes if change.kind == "removed"]
    return "\n".join([record, *gone])


def _usage(verb: str) -> Refused:
    return Refused(f"usage: {USAGE[verb]}")
