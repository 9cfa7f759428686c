"""Finds settings that switch the user's hooks off: the user's, a project's, an administrator's.

Measured on 2.1.197 and 2.1.329.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from acd.agents.settings import hook_entries
from acd.findings import Finding

MANAGED: Final = Path(
    "/Library/Application Support/ClaudeCode" if sys.platform == "darwin" else "/etc/claude-code"
)
"""Where an administrator's settings are: managed-settings.json, managed-settings.d/*.json."""

MANAGED_ONLY: Final = "allowManagedHooksOnly"
"""A key that has an effect in an administrator's settings only."""


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
