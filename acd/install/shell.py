"""The components of the manual pages and of the shells' completions.

They go where man(1) and each shell find them without configuration. Files of
others in these places stay.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from acd import paths
from acd.errors import AcdError
from acd.install.component import ComponentReport, Plan
from acd.install.resources import resource
from acd.install.steps import RemoveFiles, WriteFile

_MARKS: Final = (b"Manual page of acd", b"Completion of acd")
"""One of them is in the first lines of each of acd's files."""


class SharedFiles:
    """acd's files in directories that other programs share.

    `files` holds each path, below `top`, and its resource. A directory of
    `directories` is removed with the files, if it is empty then.
    """

    def __init__(
        self, what: str, top: Path, files: Mapping[Path, str], directories: tuple[Path, ...] = ()
    ):
        self._what = what
        self._top = top
        self._files = files
        self._directories = directories

    def plan(self) -> Plan:
        """Leaves out a file that cannot be written: an install does not fail for it."""
        return Plan([step for step in self._outdated() if _can_be_written(step.path.parent)])

    def inspect(self) -> ComponentReport:
        try:
            outdated = [str(step.path) for step in self._outdated()]
        except AcdError as error:
            return ComponentReport("unknown", self._top, (error.message,))
        if not self._installed():
            return ComponentReport("missing", self._top, ("no files of acd in it",))
        reasons = (f"not this version's: {', '.join(outdated)}",) if outdated else ()
        return ComponentReport("stale" if outdated else "current", self._top, reasons)

    def remove(self) -> Plan:
        found = self._installed()
        return Plan([RemoveFiles(found, self._what, self._directories)] if found else [])

    def _outdated(self) -> list[WriteFile]:
        steps = (
            WriteFile(path, resource(name).read_bytes(), self._what)
            for path, name in self._files.items()
            if is_ours(path) or not os.path.lexists(path)
        )
        return [step for step in steps if step.is_needed()]

    def _installed(self) -> tuple[Path, ...]:
        return tuple(filter(is_ours, self._files))


def manual(environ: Mapping[str, str]) -> SharedFiles:
    """Returns the component of the manual pages."""
    # man(1) looks in ../share/man of each directory in PATH, so beside ~/.local/bin.
    man = paths.data_dir(environ).with_name("man")
    files = {
        man / "man1/acd.1": "packaging/man/acd.1",
        man / "man7/acd-protocol.7": "packaging/man/acd-protocol.7",
    }
    return SharedFiles("the manual", man, files, (man / "man1", man / "man7", man))


def completions(environ: Mapping[str, str]) -> SharedFiles:
    """Returns the component of the completions: one where a shell's directory for them exists."""
    data = paths.data_dir(environ).parent
    config = paths.config_path(environ).parent.parent
    files = {
        data / "bash-completion/completions/acd": "acd.bash",
        data / "zsh/site-functions/_acd": "_acd",
        paths.home(environ) / ".zfunc/_acd": "_acd",
        config / "fish/completions/acd.fish": "acd.fish",
    }
    return SharedFiles(
        "completions",
        paths.home(environ),
        {
            path: f"packaging/completions/{name}"
            for path, name in files.items()
            if path.parent.is_dir()
        },
    )


def is_ours(path: Path) -> bool:
    """Returns whether it is acd's file: not a link, and not replaced by another program's."""
    if path.is_symlink():
        return False
    try:
        return path.is_file() and any(mark in path.read_bytes()[:200] for mark in _MARKS)
    except OSError:
        return False


def _can_be_written(directory: Path) -> bool:
    while not os.path.lexists(directory):
        directory = directory.parent
    return directory.is_dir() and os.access(directory, os.W_OK | os.X_OK)
