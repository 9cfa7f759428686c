"""The hooks that Codex gets in its hooks.json. Measured on 0.169.0."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from acd import paths

HOOKED_EVENTS: Final = (
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PermissionRequest",
    "PostToolUse",
    "PreModelRequest",
    "PreCompact",
    "PostCompact",
    "SubagentStop",
    "Stop",
    "Interrupt",
    "SessionEnd",
)
"""The events that the daemon uses. Codex ignores names that it does not support.

SubagentStart and PostModelRequest are left out: they do not change the status,
Codex waits for each hook, and an `async` one is lost at the end of a run.
"""

TIMEOUT: Final = 5
"""Seconds until Codex ends a hook; acd's takes one at most. The default is 600."""
SHORT: Final = 3
"""Codex's upper limit for _SHORT_LIVED, whose default is 1."""
_SHORT_LIVED: Final = frozenset({"SessionEnd", "Interrupt"})


def home(environ: Mapping[str, str]) -> Path:
    """Returns Codex's configuration directory."""
    value = environ.get("CODEX_HOME", "")
    return Path(value) if value else paths.home(environ) / ".codex"


def hooks_path(environ: Mapping[str, str]) -> Path:
    """Returns the file of the user's hooks. Codex accepts only `description` and `hooks` in it.

    Not a plugin of acd's: Codex runs no plugin's hooks where `features.plugins` is
    off and in `codex exec review`, and none of a plugin in whose directory any file
    has changed (measured).
    """
    return home(environ) / "hooks.json"


def hooks(
    environ: Mapping[str, str], command: str, seen_version: str | None
) -> dict[str, dict[str, Any]]:
    """Returns the hook entry of each event, which is the same for every version."""
    return {
        event: {
            "type": "command",
            "command": command,
            "timeout": SHORT if event in _SHORT_LIVED else TIMEOUT,
        }
        for event in HOOKED_EVENTS
    }
