"""Codex CLI: what its hooks mean.

Measured on 0.169.0. The gaps that its hooks leave, and what fills them, are in
docs/compatibility.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acd.agents.agent import Agent
from acd.sessions.fields import by_field, long_text, text, tool_question
from acd.sessions.status import ATTENTION, CLOSED, QUESTION, WORKING, Status
from acd.sessions.values import Json

EVENTS: Final[Mapping[str, Status | None]] = {
    "UserPromptSubmit": WORKING,
    "PreModelRequest": WORKING,
    "PreToolUse": WORKING,
    "PreToolUse/request_user_input": QUESTION,
    "PostToolUse": WORKING,
    "PermissionRequest": QUESTION,
    "PreCompact": WORKING,
    "PostCompact/manual": ATTENTION,
    "SessionStart/startup": ATTENTION,
    "SessionStart/resume": ATTENTION,
    "SessionStart/clear": ATTENTION,
    "SessionStart/fork": ATTENTION,
    "Stop": ATTENTION,
    "Interrupt": ATTENTION,
    "SessionEnd": CLOSED,
    # A failed request is tried again; that it was the last one is told by the
    # rollout file alone.
    "PostModelRequest": None,
    "PostCompact/auto": None,
    "SessionStart/compact": None,
    "SubagentStart": None,
    "SubagentStop": None,
}

_KIND: Final = by_field(
    {
        "PreToolUse": "tool_name",
        "PermissionRequest": "tool_name",
        "SessionStart": "source",
        "SessionEnd": "reason",
        "PostCompact": "trigger",
        "PostModelRequest": "status",
    }
)


def _said(event: str, payload: Json) -> str | None:
    match event:
        case "PermissionRequest" | "PreToolUse":
            return tool_question(payload)
        case "Stop":
            return long_text(payload, "last_assistant_message")
    return None


AGENT: Final = Agent(
    name="codex",
    title="Codex",
    events=EVENTS,
    kind=_KIND,
    said=_said,
    resume=("codex", "resume"),
    installer="acd.agents.codex.installer:INSTALLER",
    subagents_only_ask=True,
    evidence="acd.agents.codex.observer:CodexEvidence",
    transcript=lambda payload: text(payload, "transcript_path"),
    # A TUI starts a shared `codex app-server`, and hooks are its children; in
    # their environment is the terminal of the TUI that started it.
    servers=frozenset({"app-server", "mcp-server"}),
    unattended=frozenset({"exec", "e", "review"}),
)
