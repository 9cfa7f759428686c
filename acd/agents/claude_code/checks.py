"""Findings about Claude Code: its clients' versions, and settings that switch hooks off.

Measured on 2.1.197 and 2.1.329.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from acd.agents.claude_code.clients import Version, clients
from acd.agents.claude_code.hooks import (
    EVENTS,
    TOLERANT,
    decisive,
    entries,
    hooked,
    lacking,
    settings_path,
)
from acd.agents.settings import hook_entries
from acd.findings import Finding

MANAGED: Final = Path(
    "/Library/Application Support/ClaudeCode" if sys.platform == "darwin" else "/etc/claude-code"
)
"""Where an administrator's settings are: managed-settings.json, managed-settings.d/*.json."""

MANAGED_ONLY: Final = "allowManagedHooksOnly"
"""A key that has an effect in an administrator's settings only."""

_UPDATE: Final = "claude update"


def client_findings(environ: Mapping[str, str], seen_version: str | None) -> Iterator[Finding]:
    """Yields findings about the clients.

    `seen_version` is the newest version that the daemon has seen in use.
    """
    found = clients(environ, seen_version)
    wanted = entries(decisive(found), "", hooked(environ)).keys()
    yield from check_clients(
        [(each.place, each.version, lacking(each.version or TOLERANT)) for each in found],
        [event for event in EVENTS if event not in wanted],
    )


def all_findings(
    environ: Mapping[str, str], seen_version: str | None, project: Path
) -> Iterator[Finding]:
    """Yields what `acd doctor` shows; `project` is a directory that an agent works in."""
    yield from client_findings(environ, seen_version)
    yield from check_overruled(overruling(settings_path(environ), project))


# --- Clients ------------------------------------------------------------------


def check_clients(
    found: Sequence[tuple[str, Version | None, Sequence[str]]], left_out: Sequence[str]
) -> Iterator[Finding]:
    """Yields whether each client supports every event that the daemon uses.

    `found` holds each client's path, version and the events that it lacks,
    `left_out` the events without a hook.
    """
    known = [(version, path, lacks) for path, version, lacks in found if version is not None]
    if not known:
        yield _no_client([path for path, _, _ in found], left_out)
        return
    (newest, path, lacks), *older = sorted(known, reverse=True)
    if lacks:
        yield Finding(
            "claude",
            "problem",
            f"{_dotted(newest)} ({path}) is too old for {', '.join(lacks)}:"
            " some changes are seen late or not at all",
            f"{_UPDATE} (to {_dotted(max(EVENTS.values()))} or newer), then acd install",
        )
    else:
        yield Finding("claude", "ok", f"{_dotted(newest)} ({path})")
    for version, path, lacking_too in older:
        if missed := [event for event in lacking_too if event not in lacks]:
            yield _older_client(version, path, newest, missed)


def _older_client(version: Version, path: str, newest: Version, missed: list[str]) -> Finding:
    names, new = ", ".join(missed), _dotted(newest)
    older = f"{_dotted(version)} ({path}) is older than {new}"
    if version < TOLERANT:
        return Finding(
            "claude",
            "problem",
            f"{older}: it would ignore its whole settings file if that named {names},"
            f" so {new} gets no hooks on {'it' if len(missed) == 1 else 'them'}",
            f"{_UPDATE}, or remove that program, then acd install",
        )
    return Finding(
        "claude",
        "note",
        f"{older}: it may not support {names}, and some versions warn about such a hook"
        f" when they start; {_UPDATE} solves it",
    )


def _no_client(without_version: Sequence[str], left_out: Sequence[str]) -> Finding:
    if without_version:
        text = f"{', '.join(without_version)} prints no version"
    else:
        text = "none found on PATH, in the usual places or in an editor's extensions"
    if left_out:
        text += f"; acd install adds hooks on {', '.join(left_out)} once one is found that has them"
    return Finding("claude", "note", text)


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


# --- Settings that switch hooks off -------------------------------------------


def check_overruled(found: Iterable[tuple[Path, str, bool]]) -> Iterator[Finding]:
    """Yields a problem for each result of overruling()."""
    for path, key, managed in found:
        if not key:
            text, remedy = f"{path} cannot be read", "correct it: the agent reads it too"
        elif managed:
            text = f"{path} sets {key}, so none of your hooks runs"
            remedy = "ask whoever manages this machine; acd sees no session until then"
        else:
            text, remedy = f"{path} sets {key}, so no hook runs", f"remove {key} from it"
        yield Finding("hooks", "problem", text, remedy)


def overruling(
    user: Path, project: Path, managed: Path = MANAGED
) -> Iterator[tuple[Path, str, bool]]:
    """Yields settings that switch the user's hooks off: file, key, and if an administrator set it.

    `user` is the user's settings file, `project` a directory that an agent works
    in: its own settings count too. A file that cannot be read has an empty key;
    the user's own is left out then, because the report on hooks has it.
    """
    yield from _overruling_managed(managed)
    local = (project / ".claude" / name for name in ("settings.json", "settings.local.json"))
    # In the home directory the project's settings are the user's.
    for path in dict.fromkeys((user, *local)):
        if (found := _read(path)) is None:
            if path != user:
                yield path, "", False
        elif found.get(hook_entries.DISABLE) is True:
            yield path, hook_entries.DISABLE, False


def _overruling_managed(directory: Path) -> Iterator[tuple[Path, str, bool]]:
    """An administrator's settings; for each key the last file by name counts (measured)."""
    last: dict[str, tuple[Path, object]] = {}
    drop_ins = sorted((directory / "managed-settings.d").glob("*.json"))
    for path in (directory / "managed-settings.json", *drop_ins):
        if (found := _read(path)) is None:
            yield path, "", True
            continue
        last |= {
            key: (path, found[key]) for key in (hook_entries.DISABLE, MANAGED_ONLY) if key in found
        }
    for key, (path, value) in last.items():
        if value is True:
            yield path, key, True


def _read(path: Path) -> Mapping[str, object] | None:
    """Returns a settings file's object, empty without a file; None if it cannot be read."""
    try:
        content = path.read_bytes()
        value = json.loads(content.decode("utf-8-sig")) if content.strip() else {}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else {}
