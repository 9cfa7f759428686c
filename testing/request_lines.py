"""Request lines of a daemon's clients: hooks, and every command that changes a session."""

from __future__ import annotations

import json
import os


def hook(session: str, event: str, **fields: object) -> str:
    """A HOOK line. `pid`, `at` and TMUX_PANE are the hook's fields, all others the event's."""
    meta = {name: fields.pop(name) for name in ("pid", "at", "TMUX_PANE") if name in fields}
    payload = {"session_id": session, "hook_event_name": event, "cwd": "/src", **fields}
    return f"HOOK claude-code {json.dumps(meta, separators=(',', ':'))} {json.dumps(payload)}"


ALIVE = os.getpid()
"""The pid of a process that runs, for an agent's."""

BUSY = [
    'SET a working {"working_dir": "/src", "name": "Ä b", "x": [1, {"y": null}]}',
    "SET a question",
    "set b attention",
    hook("c", "SessionStart", source="startup", pid=ALIVE, TMUX_PANE="%1"),
    hook("c", "UserPromptSubmit", prompt="hello", pid=ALIVE),
    hook("c", "PermissionRequest", tool_name="Bash", tool_input={"command": "ls"}, pid=ALIVE),
    'API_USAGE c {"input_tokens": 5, "output_tokens": 7, "cost": 0.25}',
    hook("d", "SessionStart", source="clear", pid=ALIVE),  # replaces c
    hook("d", "Stop", last_assistant_message="done", background_tasks=[1], pid=ALIVE),
    "RM a",
    'SET e closed {"session_id": "e-1", "working_dir": "/"}',
    "RESURRECT e",
    "DELETE b",
    "SET b working",
    'SET b working {"prompt": "what next?"}',
]
"""Requests of every kind, for several sessions."""
