"""Checks what can break an installation: interpreters, the program's version, permissions."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from acd import paths
from acd.agents.settings import hook_entries
from acd.errors import AcdError
from acd.install import agents
from acd.install.bytecode import Compile
from acd.install.resources import HOOK_FILES, HOOK_MODULES
from acd.system import programs
from acd.system.environment import minimal

_PROGRAM_SECONDS: Final = 5.0


def hook_interpreters(environ: Mapping[str, str], named: Iterable[str]) -> list[tuple[Path, bool]]:
    """Returns the existing interpreters of these agents' hooks, and whether each runs (10 ms)."""
    found = {path for agent in named for path in _interpreters(environ, agent) if path.exists()}
    return [(path, _runs(path, environ)) for path in sorted(found)]


def _interpreters(environ: Mapping[str, str], agent: str) -> Iterator[Path]:
    try:
        found = agents.settings(environ, agent).hooks()
    except AcdError:
        return  # the installation's report has it
    for entry in itertools.chain.from_iterable(found.values()):
        for word, option in itertools.pairwise(hook_entries.words_of(entry)):
            if option == "-I":
                yield Path(word)


def _runs(python: Path, environ: Mapping[str, str]) -> bool:
    # The hook's options, and what it imports at its start.
    argv = [str(python), "-I", "-S", "-c", "import sys, time, os, _socket"]
    answer = programs.run(argv, environ=minimal(environ), timeout=_PROGRAM_SECONDS)
    return answer is not None and answer.status == 0


def installed_program(environ: Mapping[str, str]) -> Path | None:
    """Returns the program that install.sh installed; None if it is missing."""
    path = paths.data_dir(environ) / "venv/bin/acd"
    return path if os.path.lexists(path) or os.path.lexists(path.parents[1]) else None


def program_version(program: Path, environ: Mapping[str, str]) -> str | None:
    """Returns the version that an acd prints; None if it does not run (70 ms)."""
    answer = programs.run(
        [str(program), "--version"], environ=minimal(environ), timeout=_PROGRAM_SECONDS
    )
    if answer is None or answer.status:
        return None
    return answer.output.strip().removeprefix("acd ")


def wrong_permissions(
    environ: Mapping[str, str], named: Iterable[str]
) -> Iterator[tuple[Path, str]]:
    """Yields files that others can change, or the user cannot, and what is wrong with each.

    They are acd's own and the settings of the `named` agents.
    """
    data = paths.data_dir(environ)
    hook = (
        *(data / name for name in HOOK_FILES),
        *(Compile(data / name).path for name in HOOK_MODULES),
    )
    own = (data, *hook, data / "__pycache__", data / "venv", data / "venv/bin")
    settings = (agents.settings(environ, agent).path for agent in named)
    for path in (*own, *settings, paths.config_path(environ)):
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
