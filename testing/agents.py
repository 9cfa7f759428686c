"""HOOK requests of agents' events."""

from __future__ import annotations

import json

from testing.support import DaemonHome


def tell(
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


def asks(home: DaemonHome, session: str, meta: object = None) -> None:
    """Sends the session's permission request."""
    given = {"command": "make"}
    event = "PermissionRequest"
    tell(home, session, event, meta, cwd=f"/src/{session}", tool_name="Bash", tool_input=given)


def has_finished(home: DaemonHome, session: str, meta: object = None) -> None:
    """Sends the end of the session's turn."""
    tell(home, session, "Stop", meta, cwd=f"/src/{session}")
