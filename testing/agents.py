"""HOOK requests of agents' events."""

from __future__ import annotations

import json

from testing.support import DaemonHome


def send_event(
    home: DaemonHome,
    session: str,
    event: str,
    meta: object = None,
    *,
    agent: str = "claude-code",
    **payload: object,
) -> None:
    """Sends an event of a session; `meta` is what the hook adds, such as terminal hints."""
    sent = json.dumps({"session_id": session, "hook_event_name": event, **payload})
    packed = json.dumps(meta or {}, separators=(",", ":"))
    assert home.ask(f"HOOK {agent} {packed} {sent}") == ["OK"]


def send_question(home: DaemonHome, session: str, meta: object = None) -> None:
    """Sends the session's permission request."""
    given = {"command": "make"}
    event = "PermissionRequest"
    send_event(
        home, session, event, meta, cwd=f"/src/{session}", tool_name="Bash", tool_input=given
    )


def send_stop(home: DaemonHome, session: str, meta: object = None) -> None:
    """Sends the end of the session's turn."""
    send_event(home, session, "Stop", meta, cwd=f"/src/{session}")
