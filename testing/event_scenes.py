"""A store with a clock that the test moves, and agents that send it hook events.

Responsible for telling a story in the words of the domain; what a word means
is the core's. Payloads are what Claude Code sends, reduced to what matters.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from acd.agents.catalog import AGENTS
from acd.agents.payloads import read_hook_event
from acd.sessions.activity import AgentActivity
from acd.sessions.corrections import Source
from acd.sessions.events import HookEvent
from acd.sessions.metadata import check_metadata
from acd.sessions.session import Session
from acd.sessions.status import STATUSES, Status
from acd.sessions.store import Change, Rules, Store
from acd.sessions.values import NS, Json, Now
from testing import checkout

HERE = "here"
"""This machine's node name in all of these tests."""

START = Now(wall=1_800_000_000 * NS, boot=5_000 * NS)

FIXTURES = checkout.FIXTURES / "claude-code-2.1.329"

LABELS: dict[str, Json] = {
    # label in the event table, to the fields that make a payload one of it
    "PreToolUse": {"tool_name": "Bash"},
    "Stop": {"background_tasks": []},
    "Stop/background": {"background_tasks": [{"type": "shell", "status": "running"}]},
}


def payload_of(label: str, session: str = "s", **fields: Any) -> Json:
    """What the client sends for an event, named as in the event table."""
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
    made: Json = {"session_id": session, "hook_event_name": name}
    if kind and field:
        made[field] = kind
    return made | LABELS.get(label, {}) | fields


def event_of(
    label: str, session: str = "s", *, meta: Json | None = None, **fields: Any
) -> HookEvent:
    """The event as the store gets it."""
    payload = payload_of(label, session, **fields)
    return read_hook_event(AGENTS["claude-code"], meta or {}, payload, local_host=HERE)


def fixture(name: str) -> Json:
    """A payload as it was recorded from the client."""
    payload: Json = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return payload


class Scene:
    """One store, and everything that happens to it at a time of the test's making."""

    def __init__(self, **rules: Any):
        self.store = Store(Rules(**rules))
        self.now = START

    def wait(self, seconds: float) -> None:
        """Both clocks go on."""
        self.now = Now(self.now.wall + int(seconds * NS), self.now.boot + int(seconds * NS))

    def step_wall_clock(self, seconds: float) -> None:
        """Somebody sets the time of day; the boot clock knows nothing of it."""
        self.now = self.now._replace(wall=self.now.wall + int(seconds * NS))

    def set(self, session: str, status: str, **metadata: Any) -> list[Change]:
        given = check_metadata(metadata) if metadata else None
        return self.store.set(session, STATUSES[status], given, self.now)

    def remove(self, session: str) -> list[Change]:
        return self.store.remove(session, self.now)

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
        """An agent's hook tells of something that happened now, or at another time."""
        stamp = {"at": (at or self.now).wall}
        event = event_of(label, session, meta=stamp | (meta or {}), **fields)
        return self.store.apply_hook(replace(event, pid_start=pid_start), self.now)

    def correct(
        self, source: Source, says: str, session: str = "s", *, at: Now | None = None
    ) -> list[Change]:
        """A source beside the hooks tells of something."""
        return self.store.correct(session, source, says, (at or self.now).wall, self.now)

    def session(self, session: str = "s") -> Session:
        return self.store.get(session)

    def belief(self, session: str = "s") -> AgentActivity:
        found = self.store.get(session)
        return found.belief or AgentActivity(found.status)

    def status(self, session: str = "s") -> Status:
        return self.store.get(session).status

    def statuses(self) -> dict[str, Status]:
        return {session.id: session.status for session in self.store.list_all()}


def fields_of(session: Session) -> Json:
    """All that a session is, for comparing."""
    fields = {name: getattr(session, name) for name in Session.__slots__}
    return fields | {
        "belief": session.belief and session.belief.to_record(),
        # Nothing yet and nothing any more are the same.
        "history": session.history or None,
    }


def contents(store: Store) -> dict[str, Json]:
    """All that a store holds, for comparing; the order of sessions is no part of it."""
    return {session.id: fields_of(session) for session in store.list_all()}


def told(changes: list[Change]) -> list[tuple[str, str, str, int]]:
    """Changes as (kind, session, its status now, seconds in the one before)."""
    return [(kind, session.id, session.status, elapsed) for kind, session, elapsed in changes]
