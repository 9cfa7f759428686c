"""Example sessions for screenshots and tests: every status, made by hook events."""

from __future__ import annotations

import json
from typing import Any

from testing.dashboard.fake_daemon import FakeDaemon

HOME = "/home/dev"
SRC = f"{HOME}/src"

DIRECTORIES = {
    "web": f"{SRC}/web-frontend",
    "api": f"{SRC}/shop/api",
    "docs": f"{SRC}/docs",
    "old": f"{SRC}/scratch",
    "infra": f"{SRC}/infra",
    "billing": f"{SRC}/billing/api",
    "spike": f"{SRC}/spike",
}


def permission_request(command: str) -> dict[str, Any]:
    """An agent asks for permission to run a command."""
    return {
        "hook_event_name": "PermissionRequest",
        "tool_name": "Bash",
        "tool_input": {"command": command},
    }


def tool_use(tool: str, path: str) -> dict[str, Any]:
    """A tool starts on a file."""
    return {
        "hook_event_name": "PreToolUse",
        "tool_name": tool,
        "tool_input": {"file_path": path},
    }


def stop(text: str) -> dict[str, Any]:
    """A turn ends with a message."""
    return {"hook_event_name": "Stop", "last_assistant_message": text}


PROMPT: dict[str, Any] = {"hook_event_name": "UserPromptSubmit"}
ANSWERED: dict[str, Any] = {"hook_event_name": "PostToolUse", "tool_name": "Bash"}
END: dict[str, Any] = {"hook_event_name": "SessionEnd", "reason": "prompt_input_exit"}

# Minutes ago, session, hook event.
EVENTS: list[tuple[float, str, dict[str, Any]]] = [
    (70, "web", PROMPT),
    (64, "api", PROMPT),
    (58, "docs", PROMPT),
    (55, "old", PROMPT),
    (52, "api", permission_request("alembic upgrade head")),
    (49, "api", ANSWERED),
    (47, "web", stop("All 212 tests pass; the form validates on blur.")),
    (40, "infra", PROMPT),
    (38, "web", PROMPT),
    (36, "docs", stop("Wrote the migration guide.")),
    (33, "old", END),
    (30, "api", permission_request("psql shop -f prices.sql")),
    (26, "api", ANSWERED),
    (24, "docs", PROMPT),
    (21, "infra", permission_request("terraform plan -out next.plan")),
    (20, "infra", ANSWERED),
    (15, "billing", PROMPT),
    (13, "docs", stop("The guide covers version 2 now, with an example for each step.")),
    (12, "spike", PROMPT),
    (9, "billing", tool_use("Edit", "ledger/rounding.py")),
    (8, "infra", tool_use("Write", "modules/network/main.tf")),
    (7, "spike", stop("It does not pay: 3 % faster at best.")),
    (6, "spike", END),
    (5.8, "api", tool_use("Read", "shop/prices.py")),
    (4.2, "api", permission_request("git push --force-with-lease origin prices")),
    (1.1, "web", tool_use("Read", "src/router.tsx")),
]

# Model, per cent of the context, US dollars.
USAGE = {
    "web": ("Opus 5.5", 18, 0.84),
    "api": ("Opus 5.5", 61, 4.1),
    "docs": ("Haiku 5", 35, 0.12),
    "infra": ("Opus 5.5", 77, 6.3),
    "billing": ("Sonnet 5.5", 9, 0.4),
}


def morning(daemon: FakeDaemon) -> None:
    """Seven sessions: two need the user, three work, two are closed."""
    panes = {session: number + 3 for number, session in enumerate(DIRECTORIES)}
    for minutes, session, event in EVENTS:
        with daemon.minutes_ago(minutes):
            meta = {
                "at": daemon.now.wall,
                "pid": 4100 + panes[session],
                "TMUX": "/tmp/tmux-1000/default,1234,0",
                "TMUX_PANE": f"%{panes[session]}",
            }
            payload = {"session_id": session, "cwd": DIRECTORIES[session], **event}
            reply = daemon.request(
                f"HOOK claude-code {json.dumps(meta, separators=(',', ':'))} {json.dumps(payload)}"
            )
            assert reply == "OK", reply
    for session, (model, context, cost) in USAGE.items():
        usage = {
            "model": model,
            "context_window": {"used_percentage": context},
            "input_tokens": context * 2000,
            "output_tokens": context * 310,
            "cost": {"total_cost_usd": cost},
        }
        daemon.request(f"API_USAGE {session} {json.dumps(usage)}")
