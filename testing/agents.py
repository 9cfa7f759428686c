"""What agents tell by their hooks, as the daemon gets it.

Responsible for the lines. It refuses to know what becomes of them.
"""

from __future__ import annotations

import json

from testing.support import Place


def tell(
    place: Place,
    session: str,
    event: str,
    meta: object = None,
    *,
    agent: str = "claude-code",
    **payload: object,
) -> None:
    """An event of a session; `meta` is what its hook knows, such as its terminal's hints."""
    told = json.dumps({"session_id": session, "hook_event_name": event, **payload})
    packed = json.dumps(meta or {}, separators=(",", ":"))
    assert place.ask(f"HOOK {agent} {packed} {told}") == ["OK"]


def asks(place: Place, session: str, meta: object = None) -> None:
    """It waits for a permission."""
    made = {"command": "make"}
    event = "PermissionRequest"
    tell(place, session, event, meta, cwd=f"/src/{session}", tool_name="Bash", tool_input=made)


def has_finished(place: Place, session: str, meta: object = None) -> None:
    """Its turn is over."""
    tell(place, session, "Stop", meta, cwd=f"/src/{session}")
