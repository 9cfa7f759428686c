"""What lies around an installation and can keep it from working.

Responsible for the interpreters that the hooks name, for the installed
program's version, and for whom its files belong to. It reads and asks, and
refuses to change or judge anything.
"""

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
from acd.install.resources import HOOK_MODULES
from acd.system import files, programs
from acd.system.environment import minimal

_SECONDS: Final = 5.0


def hook_interpreters(environ: Mapping[str, str], named: Iterable[str]) -> list[tuple[Path, bool]]:
    """The interpreters of these agents' hooks that are there, and whether each runs (10 ms)."""
    found = {path for agent in named for path in _interpreters(environ, agent) if path.exists()}
    return [(path, _runs(path, environ)) for path in sorted(found)]


def _interpreters(environ: Mapping[str, str], agent: str) -> Iterator[Path]:
    try:
        content = files.read(agents.installer(agent).settings(environ)).content or b""
        there = hook_entries.installed(hook_entries.decode(content), agent)
    except AcdError:
        return  # the installer's report tells about it
    for handler in itertools.chain.from_iterable(there.values()):
        for word, option in itertools.pairwise(hook_entries.words_of(handler)):
            if option == "-I":
                yield Path(word)


def _runs(python: Path, environ: Mapping[str, str]) -> bool:
    # As the hook is run; what it imports at its start.
    argv = [str(python), "-I", "-S", "-c", "import sys, time, os, _socket"]
    answer = programs.run(argv, environ=minimal(environ), timeout=_SECONDS)
    return answer is not None and answer.status == 0


def installed_program(environ: Mapping[str, str]) -> Path | None:
    """The program that install.sh put in place; None if there is none."""
    path = paths.data_dir(environ) / "venv/bin/acd"
    return path if os.path.lexists(path) or os.path.lexists(path.parents[1]) else None


def program_version(program: Path, environ: Mapping[str, str]) -> str | None:
    """What a program of acd's tells as its version; None if it does not run (70 ms)."""
    answer = programs.run([str(program), "--version"], environ=minimal(environ), timeout=_SECONDS)
    if answer is None or answer.status:
        return None
    return answer.output.strip().removeprefix("acd ")


def wrong_permissions(
    environ: Mapping[str, str], named: Iterable[str]
) -> Iterator[tuple[Path, str]]:
    """What others could change of what runs as the user, or what the user cannot change.

    `named` are the agents whose settings are looked at too.
    """
    data = paths.data_dir(environ)
    bytecode = [Compile(data / name).path for name in HOOK_MODULES]
    hook = [data / name for name in (hook_entries.HOOK_FILE, *HOOK_MODULES)]
    own = (data, *hook, data / "__pycache__", *bytecode, data / "venv", data / "venv/bin")
    theirs = (agents.installer(agent).settings(environ) for agent in named)
    for path in (*own, *theirs, paths.config_path(environ)):
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
