"""Settings that keep Claude Code from running the hooks in the user's own.

Responsible for finding them: an administrator's, and those of a project. It
reads, and refuses to judge (diagnosis.py). Measured on 2.1.197 and 2.1.329.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from acd.agents.settings import hook_entries

MANAGED: Final = Path(
    "/Library/Application Support/ClaudeCode" if sys.platform == "darwin" else "/etc/claude-code"
)
"""Where an administrator's settings are: managed-settings.json, managed-settings.d/*.json."""

MANAGED_ONLY: Final = "allowManagedHooksOnly"
"""Counts in an administrator's settings only."""


def overruling(
    user: Path, project: Path, managed: Path = MANAGED
) -> Iterator[tuple[Path, str, bool]]:
    """Settings that switch our hooks off: file, key, and whether it is an administrator's.

    `user` is the user's settings file, `project` a directory that an agent works
    in: its own settings count too. A file that cannot be read comes with an
    empty key, except the user's own:
    of that the installer's report tells.
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
    """Of an administrator's files a later one, by its name, wins for each key (measured)."""
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
    """A settings file's object, empty if there is none; None if it cannot be read."""
    try:
        content = path.read_bytes()
        value = json.loads(content.decode("utf-8-sig")) if content.strip() else {}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else {}
