"""What the installer can do with files: steps that describe themselves.

Responsible for each step's one sentence before (`describe`) and after
(`execute`). It refuses to know which steps are needed (plan.py).
"""

from __future__ import annotations

import abc
import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from acd.agents.installer import Edited
from acd.agents.settings import hook_entries, status_line
from acd.agents.settings.jsontext import BOM
from acd.errors import AcdError
from acd.system import files


@dataclass(frozen=True)
class WriteFile:
    """A file of ours that is missing or not the current one."""

    path: Path
    content: bytes
    what: str

    def describe(self) -> str:
        return f"write {self.path} ({self.what})"

    def execute(self) -> None:
        files.write(self.path, self.content)


@dataclass(frozen=True)
class Remove:
    """Files, links and directories of ours, whichever of them are there."""

    paths: tuple[Path, ...]
    what: str
    directory: Path | None = None
    """Is removed too, if nothing else is in it."""

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
        if self.directory is not None:
            files.remove_if_empty(self.directory)
        return f"{self.what[0].upper()}{self.what[1:]} removed."


@dataclass(frozen=True)
class _Put(abc.ABC):
    """Something of ours into an agent's settings."""

    path: Path
    agent: str
    name: str
    """The agent's, for people."""
    wanted: Mapping[str, Any]

    def is_needed(self) -> bool:
        """Whether anything is missing or outdated. Raises as execute() does, before it is done."""
        found = files.read(self.path)
        if self._merged(found.content) == (found.content or b""):
            return False
        if found.content is not None:
            files.refuse_read_only(found.path)
        return True

    @abc.abstractmethod
    def merged(self, text: str) -> str:
        """The settings' text with it. Raises SettingsError."""

    def _edit(self) -> files.FileVersion:
        """Does it; the file as it was before."""
        return files.edit(self.path, self._merged, mode=0o600, backup=self._backup)

    def _merged(self, content: bytes | None) -> bytes:
        with _located(self.path):
            return self.merged(hook_entries.decode(content or b"")).encode()

    def _backup(self, content: bytes) -> Path | None:
        return None if _holds_ours(content, self.agent) else backup_path(self.path)


@dataclass(frozen=True)
class PutHooks(_Put):
    """Our hooks: `wanted` has the handler of each event."""

    edited: Edited | None = None

    def describe(self) -> str:
        return f"put {len(self.wanted)} hooks for {self.name} into {self.path}"

    def execute(self) -> str:
        before = self._edit()
        done = f"Hooks for {self.name}: {len(self.wanted)} in {self.path}"
        return _with_note(done, self.edited, before)

    def merged(self, text: str) -> str:
        return hook_entries.merge(text, self.wanted, self.agent)


@dataclass(frozen=True)
class PutStatusLine(_Put):
    """Our status line, where none of somebody else's is set; `wanted` is its value."""

    def whose(self) -> Literal["ours", "other", "nobody's"]:
        """Whose is set now. Raises AcdError."""
        with _located(self.path):
            return status_line.whose_status_line(
                hook_entries.decode(files.read(self.path).content or b"")
            )

    def describe(self) -> str:
        return f"put the status line for {self.name} into {self.path}"

    def execute(self) -> str:
        self._edit()
        return f"Status line for {self.name}: in {self.path}"

    def merged(self, text: str) -> str:
        return status_line.merge_status_line(text, self.wanted)


@dataclass(frozen=True)
class TakeHooks:
    """Our hooks and status line out of an agent's settings, and a backup that says no more away."""

    path: Path
    agent: str
    name: str
    edited: Edited | None = None

    def is_needed(self) -> bool:
        """Whether there are any. Raises AcdError where there may be, and it cannot be told."""
        content = files.read(self.path).content
        if content is None or not _names_ours(content):
            return backup_path(self.path).is_file()
        return self._without(content) != content

    def describe(self) -> str:
        return f"take the hooks for {self.name} out of {self.path}"

    def execute(self) -> str:
        before = files.edit(self.path, self._without, mode=0o600)
        kept = self._remove_backup()
        if not self.path.exists():
            # We made it, and perhaps the directory: an agent that ever ran has more in there.
            files.remove_if_empty(self.path.parent)
        found = before.content != files.read(self.path).content
        done = f"taken out of {self.path}" if found else f"none found in {self.path}"
        kept_as = f"; the file as it was before acd stays at {kept}" if kept else ""
        return _with_note(f"Hooks for {self.name}: {done}{kept_as}", self.edited, before)

    def _without(self, content: bytes | None) -> bytes | None:
        if content is None:
            return None
        if not _names_ours(content):
            return content
        with _located(self.path):
            text = hook_entries.unmerge(hook_entries.decode(content), self.agent)
            text = status_line.unmerge_status_line(text)
        if not _is_blank(text.encode()):
            return text.encode()
        # Nothing but ours was in it, so what was there before was nothing too;
        # the backup tells which of the ways to say so it was.
        original = files.read(backup_path(self.path)).content
        if original is None or _is_blank(original) or _value(original) == {}:
            return original
        return b"{}\n"

    def _remove_backup(self) -> Path | None:
        """Removes the backup if the settings say the same; else tells where it is."""
        backup = backup_path(self.path)
        original = files.read(backup).content
        if original is None:
            return None
        content = files.read(self.path).content
        if content == original or (content is not None and _value(content) == _value(original)):
            files.remove(backup)
            return None
        return backup


def _with_note(done: str, edited: Edited | None, before: files.FileVersion) -> str:
    """What was done, and what its follow-up has to say. Raises AcdError."""
    note = edited(before.content, files.read(before.path).content) if edited is not None else None
    return f"{done}\n{note}" if note else done


def backup_path(path: Path) -> Path:
    """Where the first original of a settings file is kept."""
    return path.with_name(path.name + ".acd-backup")


def _names_ours(content: bytes) -> bool:
    """Whether anything of ours may be in it, told without reading it as JSON."""
    return any(
        name.encode() in content for name in (hook_entries.HOOK_FILE, status_line.STATUS_LINE_FILE)
    )


def _holds_ours(content: bytes, agent: str) -> bool:
    """Whether it is no original: something of ours is in it. Raises SettingsError."""
    text = hook_entries.decode(content)
    return (
        bool(hook_entries.installed(text, agent)) or status_line.whose_status_line(text) == "ours"
    )


def _is_blank(content: bytes) -> bool:
    return not content.decode(errors="replace").removeprefix(BOM).strip()


def _value(content: bytes) -> object:
    try:
        value: object = json.loads(content.decode("utf-8-sig"))
    except ValueError:
        return content  # equal to nothing but itself
    return value


@contextlib.contextmanager
def _located(path: Path) -> Iterator[None]:
    """Names the file in an error about its text."""
    try:
        yield
    except hook_entries.SettingsError as error:
        raise AcdError(f"{path}, {error.message}", hint=error.hint) from error
