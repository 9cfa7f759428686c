"""A store with a clock that the test moves, and reduced payloads of Claude Code for it."""

from __future__ import annotations

import json
from typing import Any

from acd.agents.catalog import AGENTS, DEFAULT, TRANSLATOR
from acd.agents.claude_code.events import EVENTS
from acd.agents.payloads import read_hook_event
from acd.sessions.activity import AgentActivity
from acd.sessions.events import HookEvent
from acd.sessions.metadata import check_metadata
from acd.sessions.rules import SessionRules
from acd.sessions.session import Session
from acd.sessions.signals import Observation, Source
from acd.sessions.status import STATUSES, Status
from acd.sessions.store import Change, Store
from acd.sessions.values import NS, Json, Now
from testing import checkout

HERE = "here"
"""This machine's node name in all of these tests."""

ASKERS: dict[str, Json] = {"the main agent": {}, "a subagent": {"agent_id": "a1"}}
"""The fields of an event of each kind of agent."""

START = Now(wall=1_800_000_000 * NS, boot=5_000 * NS)

FIXTURES = checkout.FIXTURES / "claude-code-2.1.329"

STATUS_OF: dict[str, Status | None] = {label: signal.status for label, signal in EVENTS.items()}
"""Each label in Claude Code's table of events, to the status that its signal sets."""

_FIELDS: dict[str, Json] = {
    # label in the table of events, to fields of such a payload
    "PreToolUse": {"tool_name": "Bash"},
    "Stop": {"background_tasks": []},
    "Stop/background": {"background_tasks": [{"type": "shell", "status": "running"}]},
}


def payload_of(label: str, session: str = "s", **fields: Any) -> Json:
    """What the client sends for an event with this label."""
    name, _, kind = label.partition("/")
    field = {
        "PreToolUse": "tool_name",
        "PermissionRequest": "tool_name",
        "Notification": "notification_type",
        "SessionStart": "source",
        "SessionEnd": "reason",
        "PostCompact": "trigger",
        "StopFailure": "error",
    }.get(name)
    payload: Json = {"session_id": session, "hook_event_name": name}
    if kind and field:
        payload[field] = kind
    return payload | _FIELDS.get(label, {}) | fields


def event_of(
    label: str, session: str = "s", *, meta: Json | None = None, **fields: Any
) -> HookEvent:
    """The event as the store receives it."""
    payload = payload_of(label, session, **fields)
    return read_hook_event(AGENTS["claude-code"], meta or {}, payload, local_host=HERE)


def fixture(name: str) -> Json:
    """A recorded payload of the client."""
    payload: Json = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return payload


def observation_of(source: Source, word: str, at: int, subagent: str | None = None) -> Observation:
    """An observation with this word."""
    return Observation(source, TRANSLATOR.observation(word), word, at, subagent)


class StoreScene:
    """A store, and commands and signals for it at times that the test chooses."""

    def __init__(self, **rules: Any):
        self.store = Store(DEFAULT.name, SessionRules(**rules))
        self.now = START

    def wait(self, seconds: float) -> None:
        """Advances both clocks."""
        self.now = Now(self.now.wall + int(seconds * NS), self.now.boot + int(seconds * NS))

    def step_wall_clock(self, seconds: float) -> None:
        """Sets the time of day; the boot clock is unchanged."""
        self.now = self.now._replace(wall=self.now.wall + int(seconds * NS))

    def set(self, session: str, status: str, **metadata: Any) -> list[Change]:
        given = check_metadata(metadata) if metadata else None
        return self.store.set(session, STATUSES[status], given, self.now)

    def close(self, session: str) -> list[Change]:
        return self.store.close(session, self.now)

    def resurrect(self, session: str) -> list[Change]:
        return self.store.resurrect(session, self.now)

    def expire(self) -> list[Change]:
        return self.store.expire(self.now)

    def hook(
        self,
        label: str,
        session: str = "s",
        *,
        at: Now | None = None,
        meta: Json | None = None,
        pid_start: int | None = None,
        **fields: Any,
    ) -> list[Change]:
        """Applies a hook event of now, or of another time."""
        stamp = {"at": (at or self.now).wall}
        event = event_of(label, session, meta=stamp | (meta or {}), **fields)
        return self.store.apply_hook(event._replace(pid_start=pid_start), self.now)

    def observe(
        self, source: Source, word: str, session: str = "s", *, at: Now | None = None
    ) -> list[Change]:
        """Applies an observation of now, or of another time."""
        observation = observation_of(source, word, (at or self.now).wall)
        return self.store.apply_observation(session, observation, self.now)

    def session(self, session: str = "s") -> Session:
        return self.store.get(session)

    def activity(self, session: str = "s") -> AgentActivity:
        found = self.store.get(session)
        return found.activity or AgentActivity(found.status)

    def status(self, session: str = "s") -> Status:
        return self.store.get(session).status

    def statuses(self) -> dict[str, Status]:
        return {session.id: session.status for session in self.store.list_all()}


def fields_of(session: Session) -> Json:
    """All fields of a session, for comparison."""
    fields = {name: getattr(session, name) for name in Session.__slots__}
    return fields | {
        "activity": session.activity and session.activity.to_record(),
        "history": session.history or None,  # an empty history equals none
    }


def contents(store: Store) -> dict[str, Json]:
    """All sessions of a store, for comparison without their order."""
    return {session.id: fields_of(session) for session in store.list_all()}


def described(changes: list[Change]) -> list[tuple[str, str, str, int]]:
    """Changes as (kind, session, its status now, seconds in the previous status)."""
    return [(kind, session.id, session.status, elapsed) for kind, session, elapsed in changes]
