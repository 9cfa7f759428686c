"""The command by which an agent runs our hook.

Responsible for the interpreter that the hook runs in, and for a shell command
that stays silent when the interpreter or the hook are gone. It refuses to
know where the command is written down.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from acd.errors import AcdError


def hook_command(python: Path, hook: Path, agent: str) -> str:
    """The hook as a command for /bin/sh. Raises as guarded_command does."""
    return guarded_command(python, hook, agent)


def guarded_command(python: Path, script: Path, *arguments: str) -> str:
    """A script as a command for /bin/sh, the agent's own child after `exec`.

    Claude Code shows a hook that fails at every event, and a shell that does
    not find its program fails. So the shell looks first, by its built-ins:
    whoever removes acd's files by hand is not told about it for ever.

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
    """The interpreter behind this one: no link, no shim, of no virtual environment.

    What a venv or a version manager's shim stands for changes or vanishes;
    and the hook, run with -I -S, needs nothing of a venv.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = (
        # A venv may hold a copy instead of a link: then only this tells.
        getattr(sys, "_base_executable", ""),
        os.path.join(sys.base_prefix, "bin", version),  # noqa: PTH118 - may be ""
        sys.executable,
    )
    return choose_python((Path(name) for name in candidates if name), Path(sys.prefix))


def choose_python(candidates: Iterable[Path], venv: Path) -> Path:
    """The first real interpreter outside of `venv`, else the first that there is.

    Raises AcdError when none of them is a program.
    """
    programs = [
        stable_path(path.resolve())
        for path in candidates
        if path.is_file() and os.access(path, os.X_OK) and not is_script(path)
    ]
    if not programs:
        raise AcdError(
            "cannot tell which Python acd runs on",
            hint="run install.sh again; it makes an environment with a Python of its own",
        )
    lasting = [path for path in programs if not path.is_relative_to(venv.resolve())]
    return (lasting or programs)[0]


def is_script(path: Path) -> bool:
    """Whether it is run by another program: what version managers put on PATH."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def stable_path(path: Path) -> Path:
    """The same file by a name that outlives an update.

    Homebrew's <prefix>/Cellar/<formula>/<version>/… goes with the next patch
    release, and <prefix>/opt/<formula>/… is a link to the current one.
    """
    parts = path.parts
    if "Cellar" in parts:
        index = parts.index("Cellar")
        lasting = Path(*parts[:index], "opt", parts[index + 1], *parts[index + 3 :])
        if lasting.exists() and lasting.samefile(path):
            return lasting
    return path
