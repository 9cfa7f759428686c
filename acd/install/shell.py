"""Manual pages, and completions for the shells that the user has.

Responsible for where they go, so that man(1) and each shell find them by
themselves, and for leaving alone what somebody else put there. It refuses to
know what is in them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acd import paths
from acd.install.resources import resource
from acd.install.steps import WriteFile
from acd.system import files

_MARKS: Final = (b"Manual page of acd", b"Completion of acd")
"""One of them is in the first lines of each of ours."""


def places(environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """What goes where: a resource, and its path. Completions only where shells look already."""
    data = paths.data_dir(environ).parent
    # man(1) looks in ../share/man of each directory in PATH, so beside ~/.local/bin.
    yield "packaging/man/acd.1", data / "man/man1/acd.1"
    yield "packaging/man/acd-protocol.7", data / "man/man7/acd-protocol.7"
    config = paths.config_path(environ).parent.parent
    for name, path in (
        ("acd.bash", data / "bash-completion/completions/acd"),
        ("_acd", data / "zsh/site-functions/_acd"),
        ("_acd", paths.home(environ) / ".zfunc/_acd"),
        ("acd.fish", config / "fish/completions/acd.fish"),
    ):
        if path.parent.is_dir():
            yield f"packaging/completions/{name}", path


def outdated(environ: Mapping[str, str]) -> list[WriteFile]:
    """Those that are missing or not this version's, and can be written.

    None of them is worth an install that fails.
    """
    return [
        WriteFile(path, content, "the manual" if "man/" in name else "completion")
        for name, path in places(environ)
        if (is_ours(path) or not os.path.lexists(path))
        and (content := resource(name).read_bytes()) != _content(path)
        and _can_be_written(path.parent)
    ]


def there(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Those of ours that are there."""
    return tuple(path for _, path in places(environ) if is_ours(path))


def is_ours(path: Path) -> bool:
    """Whether we wrote the file, and nobody put another, or a link, in its place."""
    if path.is_symlink():
        return False
    return any(mark in (_content(path) or b"")[:200] for mark in _MARKS)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None


def _can_be_written(directory: Path) -> bool:
    while not os.path.lexists(directory):
        directory = directory.parent
    return directory.is_dir() and os.access(directory, os.W_OK | os.X_OK)


@dataclass(frozen=True)
class RemoveShellFiles:
    """Manual pages and completions, and the directories that only they were in."""

    paths: tuple[Path, ...]

    def describe(self) -> str:
        return f"remove the manual and completions: {', '.join(map(str, self.paths))}"

    def execute(self) -> str:
        for path in self.paths:
            files.remove(path)
            if path.parent.name in {"man1", "man7"}:
                files.remove_if_empty(path.parent)
                files.remove_if_empty(path.parent.parent)
        return "Manual and completions removed."
