"""What lies around an installation and can keep it from working.

Responsible for other settings that switch our hooks off, for the interpreters
that the hooks name, for the installed program's version, and for whom its
files belong to. It reads and asks, and refuses to change or judge anything.
"""

from __future__ import annotations

import itertools
import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from acd import paths
from acd.errors import AcdError
from acd.install import agents, claude_code, files, programs, settings

MANAGED: Final = Path(
    "/Library/Application Support/ClaudeCode" if sys.platform == "darwin" else "/etc/claude-code"
)
"""Where an administrator's settings are: managed-settings.json, managed-settings.d/*.json."""

DISABLE: Final = "disableAllHooks"
MANAGED_ONLY: Final = "allowManagedHooksOnly"
"""Counts in an administrator's settings only (measured on 2.1.197 and 2.1.329, as all of this)."""

_SECONDS: Final = 5.0


def overruling(
    environ: Mapping[str, str], project: Path, managed: Path | None = None
) -> Iterator[tuple[Path, str, bool]]:
    """Settings that switch our hooks off: file, key, and whether it is an administrator's.

    `project` is a directory that an agent works in: its own settings count too.
    A file that cannot be read comes with an empty key, except the user's own:
    of that the installer's report tells.
    """
    yield from _overruling_managed(managed or MANAGED)
    user = claude_code.settings_path(environ)
    local = (project / ".claude" / name for name in ("settings.json", "settings.local.json"))
    # In the home directory the project's settings are the user's.
    for path in dict.fromkeys((user, *local)):
        if (found := _read(path)) is None:
            if path != user:
                yield path, "", False
        elif found.get(DISABLE) is True:
            yield path, DISABLE, False


def _overruling_managed(directory: Path) -> Iterator[tuple[Path, str, bool]]:
    """Of an administrator's files a later one, by its name, wins for each key (measured)."""
    last: dict[str, tuple[Path, object]] = {}
    drop_ins = sorted((directory / "managed-settings.d").glob("*.json"))
    for path in (directory / "managed-settings.json", *drop_ins):
        if (found := _read(path)) is None:
            yield path, "", True
            continue
        last |= {key: (path, found[key]) for key in (DISABLE, MANAGED_ONLY) if key in found}
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


def hook_interpreters(environ: Mapping[str, str], named: Iterable[str]) -> list[tuple[Path, bool]]:
    """The interpreters of these agents' hooks that are there, and whether each runs (10 ms)."""
    found = {path for agent in named for path in _interpreters(environ, agent) if path.exists()}
    return [(path, _runs(path, environ)) for path in sorted(found)]


def _interpreters(environ: Mapping[str, str], agent: str) -> Iterator[Path]:
    try:
        content = files.read(agents.installer(agent).settings(environ)).content or b""
        there = settings.installed(settings.decode(content), agent)
    except AcdError:
        return  # the installer's report tells about it
    for handler in itertools.chain.from_iterable(there.values()):
        for word, option in itertools.pairwise(settings.words_of(handler)):
            if option == "-I":
                yield Path(word)


def _runs(python: Path, environ: Mapping[str, str]) -> bool:
    # As the hook is run; what it imports at its start.
    argv = [str(python), "-I", "-S", "-c", "import sys, time, os, _socket"]
    answer = programs.run(argv, environ=programs.minimal(environ), timeout=_SECONDS)
    return answer is not None and answer.status == 0


def installed_program(environ: Mapping[str, str]) -> Path | None:
    """The program that install.sh put in place; None if there is none."""
    path = paths.data_dir(environ) / "venv/bin/acd"
    return path if os.path.lexists(path) or os.path.lexists(path.parents[1]) else None


def program_version(program: Path, environ: Mapping[str, str]) -> str | None:
    """What a program of acd's tells as its version; None if it does not run (70 ms)."""
    answer = programs.run(
        [str(program), "--version"], environ=programs.minimal(environ), timeout=_SECONDS
    )
    if answer is None or answer.status:
        return None
    return answer.output.strip().removeprefix("acd ")


def wrong_permissions(environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """What others could change of what runs as the user, or what the user cannot change."""
    data = paths.data_dir(environ)
    own = (data, data / settings.HOOK_FILE, data / "venv", data / "venv/bin")
    for path in (*own, claude_code.settings_path(environ), paths.config_path(environ)):
        try:
            found = path.stat()
        except OSError:
            continue
        if found.st_uid != os.getuid():
            yield path, f"belongs to user {found.st_uid}"
        elif stat.S_IMODE(found.st_mode) & stat.S_IWOTH:
            yield path, f"has mode {stat.S_IMODE(found.st_mode):o}: everybody can change it"
        elif not found.st_mode & stat.S_IRUSR:
            yield path, f"has mode {stat.S_IMODE(found.st_mode):o}: you cannot read it"
