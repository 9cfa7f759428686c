"""Makes the shell command by which an agent runs acd's hook, and finds its interpreter."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from acd.errors import AcdError


def guarded_command(python: Path, script: Path, *arguments: str) -> str:
    """Returns a command for /bin/sh that runs the script in the shell's place (`exec`).

    The shell's built-ins first check that interpreter and script exist; if not, the
    command succeeds silently. Otherwise, after a user has removed acd's files by hand,
    Claude Code would show a failing hook at every event.

    Raises AcdError for a path that JSON cannot hold.
    """
    for path in (python, script):
        try:
            str(path).encode()
        except UnicodeEncodeError:
            raise AcdError(
                f"the path {str(path)!a} is not UTF-8, and settings are",
                hint="install under a path of valid UTF-8 (XDG_DATA_HOME)",
            ) from None
    program, *words = (shlex.quote(str(word)) for word in (python, script, *arguments))
    return f"[ -x {program} ] && [ -r {words[0]} ] && exec {program} -I -S {' '.join(words)} || :"


def real_python() -> Path:
    """Returns the interpreter behind this one: not a link, a shim or a virtual environment's.

    The target of a link or shim may change or vanish; and the hook, run with -I
    -S, uses nothing of a virtual environment.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = (
        # A venv may hold a copy instead of a link: then only this names the original.
        getattr(sys, "_base_executable", ""),
        os.path.join(sys.base_prefix, "bin", version),  # noqa: PTH118 - may be ""
        sys.executable,
    )
    return choose_python((Path(name) for name in candidates if name), Path(sys.prefix))


def choose_python(candidates: Iterable[Path], venv: Path) -> Path:
    """Returns the first real interpreter outside of `venv`, else the first one at all.

    Raises AcdError when none of them is a program.
    """
    programs = [
        stable_path(path.resolve())
        for path in candidates
        if path.is_file() and os.access(path, os.X_OK) and not is_script(path)
    ]
    if not programs:
        raise AcdError(
            "cannot find the Python that acd runs on",
            hint="run install.sh again; it makes an environment with a Python of its own",
        )
    lasting = [path for path in programs if not path.is_relative_to(venv.resolve())]
    return (lasting or programs)[0]


def is_script(path: Path) -> bool:
    """Returns whether another program runs it, like the shims that version managers put on PATH."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def stable_path(path: Path) -> Path:
    """Returns the same file by a path that stays after an update.

    Homebrew's <prefix>/Cellar/<formula>/<version>/… is removed by the next patch
    release; <prefix>/opt/<formula>/… is a link to the current one.
    """
    parts = path.parts
    if "Cellar" in parts:
        index = parts.index("Cellar")
        lasting = Path(*parts[:index], "opt", parts[index + 1], *parts[index + 3 :])
        if lasting.exists() and lasting.samefile(path):
            return lasting
    return path
