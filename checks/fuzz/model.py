"""A second, short implementation of the protocol's tables, for comparison.

It shares no code with acd: where the two differ, one of them is wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

KNOWN = ("working_dir", "session_id", "agent_type", "prompt", "name")

EVENTS = {
    "UserPromptSubmit": "working",
    "PostToolUse": "working",
    "PermissionRequest": "question",
    "Stop": "attention",
    "SessionEnd": "closed",
    "Unheard": None,
}
"""Hook events of one agent without subagents, and the status that each sets."""


@dataclass
class ModelSession:
    """One session, with the fields of GET."""

    status: str
    known: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, Any] | None = None
    passed: list[tuple[str, str]] = field(default_factory=list)

    def enter(self, status: str) -> None:
        if status != self.status:
            self.passed = [*self.passed, (self.status, status)][-50:]
        self.status = status


class ProtocolModel:
    """All sessions. `answer` returns the reply, and the pushes to subscribers."""

    def __init__(self) -> None:
        self.sessions: dict[str, ModelSession] = {}

    def answer(self, line: str) -> tuple[str, list[str]]:
        verb, *words = line.split(" ", 3)
        name = words[0] if words else ""
        match verb:
            case "SET":
                return self._set(name, words[1], json.loads(words[2]) if len(words) > 2 else {})
            case "HOOK":
                event = json.loads(" ".join(words[2:]))
                return "OK", self._hook(event["session_id"], event["hook_event_name"])
        session = self.sessions.get(name)
        if session is None:
            return "ERR session not found", []
        match verb:
            case "RM":
                return self._set(name, "closed", {})
            case "DELETE":
                del self.sessions[name]
                return "OK", [f"REMOVED {name}"]
            case "API_USAGE":
                session.usage = json.loads(" ".join(words[1:]))
                return "OK", []
            case "RESURRECT":
                return self._resurrect(name, session)
        raise AssertionError(line)

    def _set(self, name: str, status: str, metadata: dict[str, Any]) -> tuple[str, list[str]]:
        session = self.sessions.get(name)
        if session is None:
            session = self.sessions[name] = ModelSession(status)
        elif session.status == "closed" != status:
            return "ERR session closed", []
        session.enter(status)
        for key, value in metadata.items():
            (session.known if key in KNOWN else session.extra)[key] = value
        return "OK", [f"UPDATE {name} {status}"]

    def _hook(self, name: str, event: str) -> list[str]:
        status = EVENTS[event]
        session = self.sessions.get(name)
        if status is None or (session is not None and session.status == "closed"):
            return []
        if session is None:
            session = self.sessions[name] = ModelSession(status)
        session.enter(status)
        session.known.setdefault("session_id", name)
        session.known.setdefault("working_dir", "/")
        return [f"UPDATE {name} {status}"]

    def _resurrect(self, name: str, session: ModelSession) -> tuple[str, list[str]]:
        if session.status != "closed":
            return "ERR session not closed", []
        resume = session.known.get("session_id")
        if resume is None or resume.startswith("-"):
            return "ERR not resumable", []
        if session.known.get("working_dir") != "/":  # the one directory that exists
            return "ERR working directory missing", []
        session.enter("working")
        session.known.pop("prompt", None)
        resumed = {"argv": ["claude", "--resume", resume], "cwd": "/"}
        return f"OK {json.dumps(resumed)}", [f"UPDATE {name} working"]
