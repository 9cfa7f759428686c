"""Codex CLI: the signals of its hooks' events, and what their payloads hold.

Measured on 0.169.0. docs/compatibility.md lists what its hooks do not report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acd.agents.agent import Agent
from acd.agents.tool_calls import tool_question
from acd.sessions.fields import by_field, long_text, text
from acd.sessions.signals import GOES_ON, NOTHING, Signal
from acd.sessions.values import Json

EVENTS: Final[Mapping[str, Signal]] = {
    "UserPromptSubmit": Signal("PROMPTED"),
    "PreModelRequest": Signal("BUSY"),
    "PreToolUse": Signal("TOOL_BEGAN"),
    "PreToolUse/request_user_input": Signal("ASKED"),
    "PostToolUse": Signal("TOOL_ENDED"),
    "PermissionRequest": Signal("ASKED"),
    "PreCompact": Signal("BUSY"),
    "PostCompact/manual": Signal("COMPACTED"),
    "SessionStart/startup": Signal("STARTED"),
    "SessionStart/resume": Signal("STARTED", resumed=True),
    "SessionStart/clear": Signal("STARTED"),
    "SessionStart/fork": Signal("STARTED"),
    "Stop": Signal("TURN_ENDED"),
    "Interrupt": Signal("INTERRUPTED"),
    "SessionEnd": Signal("ENDED"),
    # A failed request is repeated; only the rollout shows that it was the last one.
    "PostModelRequest": GOES_ON,
    "PostCompact/auto": GOES_ON,
    "SessionStart/compact": NOTHING,
    "SubagentStart": NOTHING,
    "SubagentStop": GOES_ON,
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


def _text(event: str, payload: Json) -> str | None:
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
    text=_text,
    resume=("codex", "resume"),
    installer="acd.agents.codex.installer:INSTALLER",
    session_events=frozenset({"SessionStart", "SessionEnd"}),
    call_events=frozenset({"PreToolUse", "PermissionRequest"}),
    subagents_only_ask=True,
    observer="acd.agents.codex.observer:CodexObserver",
    observations={"failed": "TURN_FAILED", "aborted": "INTERRUPTED"},
    transcript=lambda payload: text(payload, "transcript_path"),
    # A TUI starts a shared `codex app-server`, whose children the hooks are. Their
    # environment holds the terminal of the TUI that started the server.
    servers=frozenset({"app-server", "mcp-server"}),
    unattended=frozenset({"exec", "e", "review"}),
)
