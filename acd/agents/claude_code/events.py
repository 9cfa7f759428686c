"""Claude Code: what its hooks mean.

Measured on 2.1.197 and 2.1.329; the hooks' own documentation names the events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acd.agents.agent import Agent
from acd.sessions.fields import by_field, long_text, tool_question
from acd.sessions.status import ATTENTION, CLOSED, QUESTION, WORKING, Status
from acd.sessions.values import Json

EVENTS: Final[Mapping[str, Status | None]] = {
    "UserPromptSubmit": WORKING,
    "PreToolUse": WORKING,
    "PreToolUse/AskUserQuestion": QUESTION,
    "PreToolUse/ExitPlanMode": QUESTION,
    "PostToolUse": WORKING,
    "PostToolUseFailure": WORKING,
    "PostToolBatch": WORKING,
    "PermissionRequest": QUESTION,
    "Elicitation": QUESTION,
    "ElicitationResult": WORKING,
    "PreCompact": WORKING,
    "PostCompact/manual": ATTENTION,
    "Notification/permission_prompt": QUESTION,
    "Notification/elicitation_dialog": QUESTION,
    "Notification/elicitation_url_dialog": QUESTION,
    "Notification/worker_permission_prompt": QUESTION,
    "Notification/agent_needs_input": QUESTION,
    "Notification/idle_prompt": ATTENTION,
    "SessionStart/startup": ATTENTION,
    "SessionStart/resume": ATTENTION,
    "SessionStart/clear": ATTENTION,
    "SessionStart/fork": ATTENTION,
    "Stop": ATTENTION,
    "Stop/background": WORKING,
    "StopFailure": ATTENTION,
    "SessionEnd": CLOSED,
    # Known, and without a meaning for the status. Every other name is treated
    # alike, so that a newer client does no harm.
    "SubagentStart": None,
    "SubagentStop": None,
    "SessionStart/compact": None,
    "PostCompact/auto": None,
}

_NAMED_KIND: Final = by_field(
    {
        "PreToolUse": "tool_name",
        "PermissionRequest": "tool_name",
        "Notification": "notification_type",
        "SessionStart": "source",
        "SessionEnd": "reason",
        "PostCompact": "trigger",
        "StopFailure": "error",
    }
)


def _kind(event: str, payload: Json) -> str | None:
    if event == "Stop":
        tasks = payload.get("background_tasks")
        return "background" if isinstance(tasks, list) and tasks else None
    return _NAMED_KIND(event, payload)


def _said(event: str, payload: Json) -> str | None:
    match event:
        case "PermissionRequest" | "PreToolUse":
            return tool_question(payload)
        case "Stop" | "StopFailure":
            return long_text(payload, "last_assistant_message")
        case "Elicitation" | "Notification":
            return long_text(payload, "message")
    return None


AGENT: Final = Agent(
    name="claude-code",
    title="Claude Code",
    events=EVENTS,
    kind=_kind,
    said=_said,
    resume=("claude", "--resume"),
    installer="acd.agents.claude_code.installer:INSTALLER",
    evidence="acd.agents.claude_code.observer:RegistryWatch",
)
