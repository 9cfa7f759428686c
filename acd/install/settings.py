"""An agent's settings file: acd's entries in it, and the steps that add and remove them.

A copy of the first original is kept beside the file while acd's entries are in it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acd.agents.installer import StatusLine
from acd.agents.settings import hook_entries
from acd.agents.settings.jsonedit import read
from acd.agents.settings.jsontext import BOM, JsonError
from acd.errors import AcdError
from acd.system import files


@dataclass(frozen=True)
class Settings:
    """An agent's settings file. The methods raise AcdError for a file that cannot be edited."""

    path: Path
    agent: str
    title: str
    """The agent's name for people."""
    status_line: StatusLine | None = None

    @property
    def backup(self) -> Path:
        """The copy of the first original."""
        return self.path.with_name(self.path.name + ".acd-backup")

    def content(self) -> bytes | None:
        """Returns the file's bytes; None if there is no file."""
        return files.read(self.path).content

    def text(self) -> str:
        """Returns the file's text, empty if there is no file."""
        with self.located():
            return hook_entries.decode(self.content() or b"")

    def original(self) -> str | None:
        """Returns the backup's text; None unless it exists and is JSON."""
        content = files.read(self.backup).content
        try:
            text = hook_entries.decode(content) if content is not None else None
            read(text or "")
        except (hook_entries.SettingsError, JsonError):
            return None
        return text

    def hooks(self) -> dict[str, list[dict[str, Any]]]:
        """Returns acd's hook entries in the file, by event."""
        text = self.text()
        with self.located():
            return hook_entries.installed(text, self.agent)

    def may_hold_ours(self, content: bytes) -> bool:
        """Returns whether acd's file names are in it; it need not be valid JSON."""
        scripts = [hook_entries.HOOK_FILE]
        if self.status_line is not None:
            scripts.append(self.status_line.script)
        return any(script.encode() in content for script in scripts)

    def holds_ours(self, content: bytes) -> bool:
        """Returns whether an entry of acd's is in it."""
        if not self.may_hold_ours(content):
            return False
        text = hook_entries.decode(content)
        if hook_entries.installed(text, self.agent):
            return True
        return self.status_line is not None and self.status_line.owner(text) == "acd"

    def has_useless_backup(self) -> bool:
        """Returns whether there is a backup, although nothing of acd's can be in the file."""
        content = self.content()
        return self.backup.is_file() and (content is None or not self.may_hold_ours(content))

    @contextlib.contextmanager
    def located(self) -> Iterator[None]:
        """Adds the file's path to an error about its text."""
        try:
            yield
        except hook_entries.SettingsError as error:
            raise AcdError(f"{self.path}, {error.message}", hint=error.hint) from error


@dataclass(frozen=True)
class AddToSettings:
    """Adds acd's entries to a settings file, or brings them up to date."""

    settings: Settings
    what: str
    merge: Callable[[str, str | None], str]
    """(text, original) to the text with the entries. Raises SettingsError."""
    done: str
    """The line for the user, before the file's path."""

    def is_needed(self) -> bool:
        """Returns whether an entry is missing or outdated. Raises what execute() would raise."""
        found = files.read(self.settings.path)
        if self.result(found.content) == (found.content or b""):
            return False
        if found.content is not None:
            files.refuse_read_only(found.path)
        return True

    def describe(self) -> str:
        return f"put {self.what} for {self.settings.title} into {self.settings.path}"

    def execute(self) -> str:
        files.edit(self.settings.path, self.result, mode=0o600, backup=self._backup)
        return f"{self.done} in {self.settings.path}"

    def result(self, content: bytes | None) -> bytes:
        """Returns the file's content with the entries. Raises AcdError."""
        with self.settings.located():
            text = hook_entries.decode(content or b"")
            return self.merge(text, self.settings.original()).encode()

    def _backup(self, content: bytes) -> Path | None:
        return None if self.settings.holds_ours(content) else self.settings.backup


def put_hooks(settings: Settings, wanted: Mapping[str, hook_entries.HookEntry]) -> AddToSettings:
    """Returns the step that puts these entries, by event, into the settings."""
    return AddToSettings(
        settings,
        f"{len(wanted)} hooks",
        lambda text, original: hook_entries.merge(text, wanted, settings.agent, original),
        f"Hooks for {settings.title}: {len(wanted)}",
    )


def put_status_line(settings: Settings, status_line: StatusLine, command: str) -> AddToSettings:
    """Returns the step that puts acd's status line into the settings, unless another is set."""
    return AddToSettings(
        settings,
        "the status line",
        lambda text, original: status_line.merge(text, command, original),
        f"Status line for {settings.title}:",
    )


@dataclass(frozen=True)
class RemoveFromSettings:
    """Removes entries of acd's from a settings file.

    With the last ones it removes the backup, if that equals the rest.
    """

    settings: Settings
    what: str
    unmerge: Callable[[str, str | None], str]
    """(text, original) to the text without the entries. Raises SettingsError."""

    def is_needed(self) -> bool:
        """Returns whether there are any. Raises AcdError where that cannot be determined."""
        content = self.settings.content()
        return self.result(content) != content

    def describe(self) -> str:
        return f"remove the {self.what} for {self.settings.title} from {self.settings.path}"

    def execute(self) -> str:
        path = self.settings.path
        before = files.edit(path, self.result, mode=0o600)
        kept = self._remove_backup()
        if not path.exists():
            # acd made the file, and perhaps the directory: an agent that ever ran has more in it.
            files.remove_if_empty(path.parent)
        changed = before.content != self.settings.content()
        done = f"removed from {path}" if changed else f"none found in {path}"
        kept_as = f"; the file as it was before acd stays at {kept}" if kept else ""
        return f"{self.what.capitalize()} for {self.settings.title}: {done}{kept_as}"

    def result(self, content: bytes | None) -> bytes | None:
        """Returns the file's content without the entries; None for no file. Raises AcdError."""
        settings = self.settings
        if content is None or not settings.may_hold_ours(content):
            return content
        original = settings.original()
        with settings.located():
            text = self.unmerge(hook_entries.decode(content), original)
        # A blank file is one that acd made, unless the original was blank too.
        is_blank = not text.removeprefix(BOM).strip()
        return None if is_blank and original is None else text.encode()

    def _remove_backup(self) -> Path | None:
        """Removes the backup if the settings have its value. Returns its path if it stays.

        While other entries of acd's are in the settings, their removal needs it.
        """
        original = files.read(self.settings.backup).content
        content = self.settings.content()
        if original is None or (content is not None and self.settings.holds_ours(content)):
            return None
        if content == original or (content is not None and _value(content) == _value(original)):
            files.remove(self.settings.backup)
            return None
        return self.settings.backup


def remove_hooks(settings: Settings) -> RemoveFromSettings:
    """Returns the step that removes acd's hooks from the settings."""
    return RemoveFromSettings(
        settings,
        "hooks",
        lambda text, original: hook_entries.unmerge(text, settings.agent, original),
    )


def remove_status_line(settings: Settings, status_line: StatusLine) -> RemoveFromSettings:
    """Returns the step that removes acd's status line from the settings."""
    return RemoveFromSettings(settings, "status line", status_line.unmerge)


def _value(content: bytes) -> object:
    try:
        value: object = json.loads(content.decode("utf-8-sig"))
    except ValueError:
        return content  # differs from every JSON value
    return value
