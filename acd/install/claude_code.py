"""Claude Code, seen by the installer: its settings file, its events, its hook entries.

Responsible for which hooks Claude Code gets and why each is as it is. It
refuses to know how a file is edited (settings.py, files.py) and what an event
means (core/events.py). Facts marked "measured" were seen on the real client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from acd import paths
from acd.diagnosis import Finding, check_client, check_overruled
from acd.environment import minimal
from acd.install import programs
from acd.install.agents import Installer
from acd.install.claude_overruling import overruling

AGENT: Final = "claude-code"

Version = tuple[int, int, int]

LONG_STANDING: Final[Version] = (1, 0, 85)
"""What a client of unknown version is taken for: the first with all of the nine oldest events."""

EVENTS: Final[Mapping[str, Version]] = {
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
"""The events that the daemon has a use for, and a version that is sure to know each.

A name that the client does not know stops the interactive client with a
warning at its start, and before 2.1.101 it voided the whole settings file
(measured). So each version here is one in whose program the name was found,
not the earliest that might have it.
"""

SYNCHRONOUS: Final = frozenset({"Stop", "StopFailure", "SessionEnd"})
"""The events whose hooks are not `async`, because each may be the last of a run (measured).

At the end of a `-p` run the client sends SIGTERM to async hooks that still
run. Waiting for Stop makes sure that it arrives, with all that went before.
StopFailure stands in its place after an API error; the client does not wait
for it either way, and a hook that is not async is not ended. SessionEnd of
`/clear` is over before SessionStart of the new session begins.

All the others are async: the client waits for none of them, and a failure
would show nothing. The time in each event, not its arrival, gives the order.
"""

TIMEOUT: Final = 5
"""Seconds until the client ends a hook; ours is gone within one. For SessionEnd
it also raises the 1.5 s that an exit waits by default (measured)."""

VERSION_SECONDS = 5.0
"""How long a client may take to say its version."""

_VERSION = re.compile(r"^(\d+)\.(\d+)\.(\d+)\b")


def settings_path(environ: Mapping[str, str]) -> Path:
    """The user's settings, which hold the hooks."""
    value = environ.get("CLAUDE_CONFIG_DIR", "")
    return (Path(value) if value else paths.home(environ) / ".claude") / "settings.json"


def wanted(version: Version | None, command: str) -> dict[str, dict[str, Any]]:
    """The hook entry of each event that a client of this version knows."""
    entries = {}
    for event, since in EVENTS.items():
        if (version or LONG_STANDING) >= since:
            entry: dict[str, Any] = {"type": "command", "command": command}
            if event not in SYNCHRONOUS:
                entry["async"] = True
            entries[event] = {**entry, "timeout": TIMEOUT}
    return entries


def lacking(version: Version | None) -> list[str]:
    """The events that a client of this version does not have; none are known to be of none."""
    return [] if version is None else [name for name, since in EVENTS.items() if version < since]


def client_version(environ: Mapping[str, str]) -> Version | None:
    """The version of the installed client, the oldest where there are several.

    None when there is none, or it does not say. Runs `claude --version`, 10 ms.
    """
    home = paths.home(environ)
    usual = (home / ".local/bin/claude", home / ".claude/local/claude")
    found = [programs.which("claude", environ), *map(str, usual)]
    # Its settings file is one for all of them, so the oldest one decides.
    versions = [
        version
        for program in dict.fromkeys(filter(None, found))
        if (version := _version_of(program, environ)) is not None
    ]
    return min(versions, default=None)


def _version_of(program: str, environ: Mapping[str, str]) -> Version | None:
    answer = programs.run(
        [program, "--version"],
        # HOME for the shims of version managers; nothing that holds a key or a token.
        environ=minimal(environ) | {"DISABLE_AUTOUPDATER": "1"},
        timeout=VERSION_SECONDS,
    )
    match = _VERSION.match(answer.output) if answer is not None and answer.status == 0 else None
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _checks(environ: Mapping[str, str], project: Path) -> Iterator[Finding]:
    version = client_version(environ)
    yield check_client("claude", version, lacking(version), max(EVENTS.values()), "claude update")
    yield from check_overruled(list(overruling(settings_path(environ), project)))


INSTALLER: Final = Installer(
    program="claude",
    settings=settings_path,
    wanted=lambda environ, command: wanted(client_version(environ), command),
    update=f"update it to {'.'.join(map(str, min(EVENTS.values())))} or newer (claude update)",
    has_status_line=True,
    checks=_checks,
)
