"""The sessions of a working morning, for pictures and for tests that look at the screen.

Responsible for one scene that has something of everything, told by the hooks
of the agents in it.
"""

from __future__ import annotations

import json
from typing import Any

from testing.dashboard.fake_daemon import Stage

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


def asks(command: str) -> dict[str, Any]:
    """A permission prompt for a command."""
    return {
        "hook_event_name": "PermissionRequest",
        "tool_name": "Bash",
        "tool_input": {"command": command},
    }


def uses(tool: str, path: str) -> dict[str, Any]:
    """A tool at work."""
    return {
        "hook_event_name": "PreToolUse",
        "tool_name": tool,
        "tool_input": {"file_path": path},
    }


def says(text: str) -> dict[str, Any]:
    """The end of a turn."""
    return {"hook_event_name": "Stop", "last_assistant_message": text}


PROMPT: dict[str, Any] = {"hook_event_name": "UserPromptSubmit"}
ANSWERED: dict[str, Any] = {"hook_event_name": "PostToolUse", "tool_name": "Bash"}
END: dict[str, Any] = {"hook_event_name": "SessionEnd", "reason": "prompt_input_exit"}

EVENTS: list[tuple[float, str, dict[str, Any]]] = [
    (70, "web", PROMPT),
    (64, "api", PROMPT),
    (58, "docs", PROMPT),
    (55, "old", PROMPT),
    (52, "api", asks("alembic upgrade head")),
    (49, "api", ANSWERED),
    (47, "web", says("All 212 tests pass; the form validates on blur.")),
    (40, "infra", PROMPT),
    (38, "web", PROMPT),
    (36, "docs", says("Wrote the migration guide.")),
    (33, "old", END),
    (30, "api", asks("psql shop -f prices.sql")),
    (26, "api", ANSWERED),
    (24, "docs", PROMPT),
    (21, "infra", asks("terraform plan -out next.plan")),
    (20, "infra", ANSWERED),
    (15, "billing", PROMPT),
    (13, "docs", says("The guide covers version 2 now, with an example for each step.")),
    (12, "spike", PROMPT),
    (9, "billing", uses("Edit", "ledger/rounding.py")),
    (8, "infra", uses("Write", "modules/network/main.tf")),
    (7, "spike", says("It does not pay: 3 % faster at best.")),
    (6, "spike", END),
    (5.8, "api", uses("Read", "shop/prices.py")),
    (4.2, "api", asks("git push --force-with-lease origin prices")),
    (1.1, "web", uses("Read", "src/router.tsx")),
]

USAGE = {
    "web": ("Opus 5.5", 18, 0.84),
    "api": ("Opus 5.5", 61, 4.1),
    "docs": ("Haiku 5", 35, 0.12),
    "infra": ("Opus 5.5", 77, 6.3),
    "billing": ("Sonnet 5.5", 9, 0.4),
}


def morning(stage: Stage) -> None:
    """Seven sessions: two need you, three work, two have closed."""
    panes = {session: number + 3 for number, session in enumerate(DIRECTORIES)}
    for minutes, session, event in EVENTS:
        with stage.at(minutes):
            meta = {
                "at": stage.now.wall,
                "pid": 4100 + panes[session],
                "TMUX": "/tmp/tmux-1000/default,1234,0",
                "TMUX_PANE": f"%{panes[session]}",
            }
            payload = {"session_id": session, "cwd": DIRECTORIES[session], **event}
            reply = stage.say(
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
        stage.say(f"API_USAGE {session} {json.dumps(usage)}")
