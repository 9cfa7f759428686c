"""Claude Code, seen by the installer: its settings file, its events, its hook entries.

Responsible for which hooks Claude Code gets and why each is as it is. It
refuses to know how a file is edited (settings.py, files.py) and what an event
means (sessions/events.py). Facts marked "measured" were seen on the real client.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from acd import paths
from acd.agents.claude_code.checks import overruling
from acd.agents.claude_code.clients import Client, Version, clients
from acd.agents.installer import Installer
from acd.agents.settings import hook_entries
from acd.errors import AcdError
from acd.findings import Finding
from acd.install.diagnosis import check_clients, check_overruled
from acd.system import files

AGENT: Final = "claude-code"

LONG_STANDING: Final[Version] = (1, 0, 85)
"""The first with all of the nine oldest events."""

TOLERANT: Final[Version] = (2, 1, 101)
"""The first that reads settings which name an event that it does not know (measured). It knows
all of EVENTS but PostToolBatch, and shows nothing of that one (measured)."""

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
warning at its start (2.1.197 and newer), and before TOLERANT it voided the whole settings file,
the user's permission rules included (measured). So each version here is one in
whose program the name was found, not the earliest that might have it.
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


def settings_path(environ: Mapping[str, str]) -> Path:
    """The user's settings, which hold the hooks."""
    value = environ.get("CLAUDE_CONFIG_DIR", "")
    return (Path(value) if value else paths.home(environ) / ".claude") / "settings.json"


def wanted(
    version: Version | None, command: str, keep: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """The hook entry of each event that a client of this version knows.

    Where the version is not known: of each event that every TOLERANT client
    knows, and of those in `keep`.
    """
    entries = {}
    for event, since in EVENTS.items():
        if (version or TOLERANT) >= since or (version is None and event in keep):
            entry: dict[str, Any] = {"type": "command", "command": command}
            if event not in SYNCHRONOUS:
                entry["async"] = True
            entries[event] = {**entry, "timeout": TIMEOUT}
    return entries


def lacking(version: Version) -> list[str]:
    """The events that a client of this version does not have."""
    return [name for name, since in EVENTS.items() if version < since]


def decisive(found: Sequence[Client]) -> Version | None:
    """The version that decides about the events; None where no client tells one.

    All clients have one settings file. It is made for the newest; but a client
    older than TOLERANT has to be able to read it.
    """
    versions = [client.version for client in found if client.version is not None]
    oldest = min(versions, default=None)
    return oldest if oldest is None or oldest < TOLERANT else max(versions)


def _wanted(environ: Mapping[str, str], command: str) -> dict[str, dict[str, Any]]:
    return wanted(decisive(clients(environ)), command, _hooked(environ))


def _hooked(environ: Mapping[str, str]) -> Collection[str]:
    """The events that have a hook of ours: one that was made for a client is not taken away
    because that client is not found today."""
    try:
        text = hook_entries.decode(files.read(settings_path(environ)).content or b"")
        return hook_entries.installed(text, AGENT).keys()
    except AcdError:
        return ()  # whoever edits the file tells about it


def _clients(environ: Mapping[str, str]) -> Iterator[Finding]:
    found = clients(environ)
    hooked = wanted(decisive(found), "", _hooked(environ)).keys()
    yield from check_clients(
        "claude",
        [(each.place, each.version, lacking(each.version or TOLERANT)) for each in found],
        [event for event in EVENTS if event not in hooked],
        enough=max(EVENTS.values()),
        tolerant=TOLERANT,
        update="claude update",
    )


def _checks(environ: Mapping[str, str], project: Path) -> Iterator[Finding]:
    yield from _clients(environ)
    yield from check_overruled(list(overruling(settings_path(environ), project)))


INSTALLER: Final = Installer(
    program="claude",
    settings=settings_path,
    wanted=_wanted,
    update=f"update it to {'.'.join(map(str, min(EVENTS.values())))} or newer (claude update)",
    has_status_line=True,
    clients=_clients,
    checks=_checks,
)
