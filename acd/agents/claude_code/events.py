"""Claude Code: the signals of its hooks' events, and what it passes to hooks and its status line.

Measured on 2.1.197 and 2.1.329; the documentation of its hooks names the events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acd.agents.agent import Agent
from acd.agents.tool_calls import tool_question
from acd.sessions.fields import by_field, long_text
from acd.sessions.signals import GOES_ON, NOTHING, Signal
from acd.sessions.values import Json

EVENTS: Final[Mapping[str, Signal]] = {
    "UserPromptSubmit": Signal("PROMPTED"),
    "PreToolUse": Signal("TOOL_BEGAN"),
    "PreToolUse/AskUserQuestion": Signal("ASKED"),
    "PreToolUse/ExitPlanMode": Signal("ASKED"),
    "PostToolUse": Signal("TOOL_ENDED"),
    "PostToolUseFailure": Signal("TOOL_ENDED"),
    "PostToolBatch": Signal("TOOL_ENDED"),
    "PermissionRequest": Signal("ASKED"),
    "Elicitation": Signal("ASKED"),
    "ElicitationResult": Signal("ANSWERED"),
    "PreCompact": Signal("BUSY"),
    "PostCompact/manual": Signal("COMPACTED"),
    "Notification/permission_prompt": Signal("REMINDED"),
    "Notification/elicitation_dialog": Signal("REMINDED"),
    "Notification/elicitation_url_dialog": Signal("REMINDED"),
    "Notification/worker_permission_prompt": Signal("REMINDED"),
    "Notification/agent_needs_input": Signal("REMINDED"),
    "Notification/idle_prompt": Signal("IDLE"),
    "SessionStart/startup": Signal("STARTED"),
    "SessionStart/resume": Signal("STARTED", resumed=True),
    "SessionStart/clear": Signal("STARTED"),
    "SessionStart/fork": Signal("STARTED"),
    "Stop": Signal("TURN_ENDED"),
    "Stop/background": Signal("TURN_ENDED", background=True),
    "StopFailure": Signal("TURN_FAILED"),
    "SessionEnd": Signal("ENDED"),
    # Without a meaning for the status, like every event that is not here.
    "SubagentStart": NOTHING,
    "SubagentStop": GOES_ON,
    "SessionStart/compact": NOTHING,
    "PostCompact/auto": GOES_ON,
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


def _text(event: str, payload: Json) -> str | None:
    match event:
        case "PermissionRequest" | "PreToolUse":
            return tool_question(payload)
        case "Stop" | "StopFailure":
            return long_text(payload, "last_assistant_message")
        case "Elicitation" | "Notification":
            return long_text(payload, "message")
    return None


def _usage(given: Json) -> Json:
    """Adds the keys of other agents to those of the status line's input."""
    usage = dict(given)
    model, window, cost = map(given.get, ("model", "context_window", "cost"))
    if isinstance(model, dict):
        usage["model"] = model.get("display_name") or model.get("id")
    if isinstance(window, dict) and (used := window.get("used_percentage")) is not None:
        usage["context_used_percentage"] = used
    if isinstance(cost, dict):
        usage["cost_usd"] = cost.get("total_cost_usd")
    return usage


AGENT: Final = Agent(
    name="claude-code",
    title="Claude Code",
    events=EVENTS,
    kind=_kind,
    text=_text,
    usage=_usage,
    resume=("claude", "--resume"),
    installer="acd.agents.claude_code.installer:INSTALLER",
    session_events=frozenset({"SessionStart", "SessionEnd"}),
    call_events=frozenset({"PreToolUse", "PermissionRequest"}),
    anonymous_events=frozenset({"Notification"}),
    observer="acd.agents.claude_code.observer:RegistryObserver",
    observations={"idle": "IDLE", "busy": "BUSY", "asking": "ASKED", "shell": "SHELL"},
)
