"""Steps on acd's own files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from acd.errors import AcdError
from acd.system import files


@dataclass(frozen=True)
class WriteFile:
    """Writes one of acd's files."""

    path: Path
    content: bytes
    what: str

    def is_needed(self) -> bool:
        """Returns whether the file is missing or differs."""
        return content_of(self.path) != self.content

    def describe(self) -> str:
        return f"write {self.path} ({self.what})"

    def execute(self) -> None:
        files.write(self.path, self.content)


@dataclass(frozen=True)
class RemoveFiles:
    """Removes acd's files, links and directories; those that are missing are skipped."""

    paths: tuple[Path, ...]
    what: str
    directories: tuple[Path, ...] = ()
    """Removed afterwards, in this order, those that are empty."""

    def describe(self) -> str:
        return f"remove {self.what}: {', '.join(map(str, self.paths))}"

    def execute(self) -> str:
        for path in self.paths:
            if path.is_dir() and not path.is_symlink():
                try:
                    shutil.rmtree(path)
                except OSError as error:
                    raise AcdError(
                        f"cannot remove {error.filename or path}: {error.strerror}"
                    ) from error
            else:
                files.remove(path)
        for directory in self.directories:
            files.remove_if_empty(directory)
        return f"{self.what[0].upper()}{self.what[1:]} removed."


def content_of(path: Path) -> bytes | None:
    """Returns a file's content; None where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def existing(*paths: Path) -> tuple[Path, ...]:
    """Returns the paths that exist, dangling links included."""
    return tuple(path for path in paths if path.exists() or path.is_symlink())
