"""The hooks that Claude Code gets in its settings, by the version of its clients.

"Measured" marks what was seen on the real client.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from acd import paths
from acd.agents.claude_code.clients import InstalledClient, Version, clients
from acd.agents.claude_code.events import AGENT
from acd.agents.settings import hook_entries
from acd.errors import AcdError
from acd.system import files

LONG_STANDING: Final[Version] = (1, 0, 85)
"""The first version with all of the nine oldest events."""

TOLERANT: Final[Version] = (2, 1, 101)
"""The first version that reads settings with an event that it does not support (measured). It
supports all of SUPPORTED_SINCE but PostToolBatch, and shows nothing about that one (measured)."""

SUPPORTED_SINCE: Final[Mapping[str, Version]] = {
    "SessionStart": LONG_STANDING,
    "UserPromptSubmit": LONG_STANDING,
    "PreToolUse": LONG_STANDING,
    "PermissionRequest": (2, 0, 45),
    "PostToolUse": LONG_STANDING,
    "PostToolUseFailure": (2, 0, 60),
    "PostToolBatch": (2, 1, 197),
    "Notification": LONG_STANDING,
    "Elicitation": (2, 1, 76),
    "ElicitationResult": (2, 1, 76),
    "SubagentStart": (2, 0, 44),
    "SubagentStop": LONG_STANDING,
    "PreCompact": LONG_STANDING,
    "PostCompact": (2, 1, 76),
    "Stop": LONG_STANDING,
    "StopFailure": (2, 1, 78),
    "SessionEnd": LONG_STANDING,
}
"""The events that the daemon uses, and a version that certainly supports each.

An interactive client from 2.1.197 on stops at its start with a warning about an
event that it does not support; one before TOLERANT ignores the whole settings file,
the user's permission rules included (measured). So each version is one whose
program contains the name, not the earliest that might.
"""

SYNCHRONOUS: Final = frozenset({"Stop", "StopFailure", "SessionEnd"})
"""The events whose hooks are not `async`, because each may be the last of a run (measured).

At the end of a `-p` run the client sends SIGTERM to async hooks that still
run. A client that waits for Stop delivers it, and all events before it.
StopFailure replaces Stop after an API error; the client does not wait for it
either way, and does not end a hook that is not async. SessionEnd of `/clear` is
over before SessionStart of the new session begins.

All others are async: the client waits for none of them, and shows no failure.
The time in each event gives the order, not its arrival.
"""

TIMEOUT: Final = 5
"""Seconds until the client ends a hook; acd's takes one at most. For SessionEnd
it also raises the 1.5 s that an exit waits by default (measured)."""


def settings_path(environ: Mapping[str, str]) -> Path:
    """Returns the user's settings file, which holds the hooks."""
    value = environ.get("CLAUDE_CONFIG_DIR", "")
    return (Path(value) if value else paths.home(environ) / ".claude") / "settings.json"


def entries(
    version: Version | None, command: str, keep: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """Returns the hook entry of each event that a client of this version supports.

    Without a version: of each event that every TOLERANT client supports, and of
    those in `keep`.
    """
    found = {}
    for event, since in SUPPORTED_SINCE.items():
        if (version or TOLERANT) >= since or (version is None and event in keep):
            entry: dict[str, Any] = {"type": "command", "command": command}
            if event not in SYNCHRONOUS:
                entry["async"] = True
            found[event] = {**entry, "timeout": TIMEOUT}
    return found


def lacking(version: Version) -> list[str]:
    """Returns the events that a client of this version does not support."""
    return [name for name, since in SUPPORTED_SINCE.items() if version < since]


def decisive(found: Sequence[InstalledClient]) -> Version | None:
    """Returns the version that the hooks are made for; None where no client has a known one.

    All clients share one settings file. It is made for the newest client, unless
    one is older than TOLERANT: then for the oldest, which has to be able to read it.
    """
    versions = [client.version for client in found if client.version is not None]
    oldest = min(versions, default=None)
    return oldest if oldest is None or oldest < TOLERANT else max(versions)


def hooks(
    environ: Mapping[str, str], command: str, seen_version: str | None
) -> dict[str, dict[str, Any]]:
    """Returns the hook entry of each event for the clients that are installed."""
    return entries(decisive(clients(environ, seen_version)), command, hooked(environ))


def hooked(environ: Mapping[str, str]) -> Collection[str]:
    """Returns the events that have a hook of acd's in the settings.

    A hook that was made for a client stays while that client is not found.
    """
    try:
        text = hook_entries.decode(files.read(settings_path(environ)).content or b"")
        return hook_entries.installed(text, AGENT.name).keys()
    except AcdError:
        return ()  # the step that edits the file raises it
