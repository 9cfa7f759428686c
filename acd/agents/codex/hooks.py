"""Codex, seen by the installer: its hooks' file, its events, its hook entries.

Responsible for which hooks Codex gets and why each is as it is. It refuses to
know how a file is edited (settings.py, files.py), what an event means
(acd/agents/codex/events.py) and how Codex trusts hooks (codex_trust.py). Measured on
0.169.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from acd import paths
from acd.agents.codex import trust
from acd.agents.installer import Installer, Trust

AGENT: Final = "codex"

EVENTS: Final = (
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
"""The events that the daemon has a use for. Codex ignores names that it does not know.

Not SubagentStart and PostModelRequest, which say nothing of the status: Codex
waits for each hook, and an `async` one is lost at the end of a run.
"""

TIMEOUT: Final = 5
"""Seconds until Codex ends a hook; ours is gone within one. The default is 600."""
SHORT: Final = 3
"""What Codex grants at most for these, and grants 1 where nothing is said."""
_SHORT_LIVED: Final = frozenset({"SessionEnd", "Interrupt"})


def home(environ: Mapping[str, str]) -> Path:
    """Codex's configuration directory."""
    value = environ.get("CODEX_HOME", "")
    return Path(value) if value else paths.home(environ) / ".codex"


def hooks_path(environ: Mapping[str, str]) -> Path:
    """The user's own hooks. Only `description` and `hooks` may stand in it."""
    return home(environ) / "hooks.json"


def wanted(environ: Mapping[str, str], command: str) -> dict[str, dict[str, Any]]:
    """The hook entry of each event."""
    return {
        event: {
            "type": "command",
            "command": command,
            "timeout": SHORT if event in _SHORT_LIVED else TIMEOUT,
        }
        for event in EVENTS
    }


INSTALLER: Final = Installer(
    program="codex",
    settings=hooks_path,
    wanted=wanted,
    edited=lambda environ: trust.Rekey(home(environ) / "config.toml", hooks_path(environ), AGENT),
    trust=Trust(
        missing=lambda environ: trust.untrusted(
            home(environ) / "config.toml", hooks_path(environ), AGENT
        ),
        give=lambda environ: trust.GiveTrust(environ, hooks_path(environ), AGENT),
        ask="it asks you to review them when you start it next",
    ),
)
