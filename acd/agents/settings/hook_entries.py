"""Adds acd's hooks to the text of an agent's settings, finds them and removes them.

The shape is the one that Claude Code and Codex share:
`{"hooks": {EVENT: [{"hooks": [ENTRY, …]}, …]}}`, each entry an object with
a `command`. acd's hooks are a group of their own, last in each event's list.
"""

from __future__ import annotations

import contextlib
import itertools
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from acd.agents.settings.jsonedit import Editor, PathStep, member, read, value_of
from acd.agents.settings.jsontext import Array, JsonError, Node, Object
from acd.errors import AcdError

HOOK_FILE: Final = "acd_hook.py"
"""The hook's file name. A command with this file and then the agent's name is a hook of acd."""

DISABLE: Final = "disableAllHooks"
"""The key that switches every hook off."""

HookEntry = Mapping[str, Any]
"""A hook entry, as JSON: `type`, `command` and the agent's further keys."""


class SettingsError(AcdError):
    """A settings text that cannot be edited; the message names line and column."""

    def __init__(self, error: JsonError):
        super().__init__(
            str(error),
            hint="nothing was changed; correct the file and run this again",
        )


@contextlib.contextmanager
def json_errors() -> Iterator[None]:
    """Turns a JsonError into a SettingsError; a context manager and a decorator."""
    try:
        yield
    except JsonError as error:
        raise SettingsError(error) from error


def decode(content: bytes) -> str:
    """Returns a settings file's content as text; encode() gives back the same bytes.

    Raises SettingsError for bytes that are not UTF-8 (RFC 8259 section 8.1).
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        readable = content[: error.start].decode()
        what = "not UTF-8; save the file as UTF-8"
        raise SettingsError(JsonError(what, readable, len(readable))) from error


def is_ours(entry: object, agent: str) -> bool:
    """Returns whether an entry runs acd's hook for this agent, with any Python from any path.

    Its command, split into shell words, holds the hook's file and then the agent's name.
    """
    return any(
        PurePosixPath(first).name == HOOK_FILE and second == agent
        for first, second in itertools.pairwise(words_of(entry))
    )


def words_of(entry: object) -> list[str]:
    """Returns the shell words of an entry's command and arguments; empty for any other value."""
    if not isinstance(entry, dict):
        return []
    command, arguments = entry.get("command"), entry.get("args")
    words: list[str] = []
    if isinstance(command, str):
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        try:
            words = list(lexer)
        except ValueError:  # no shell would run it either
            return []
    if isinstance(arguments, list):
        words += [word for word in arguments if isinstance(word, str)]
    return words


@json_errors()
def installed(text: str, agent: str) -> dict[str, list[dict[str, Any]]]:
    """Returns acd's entries in the text, by event. Raises SettingsError."""
    found: dict[str, list[dict[str, Any]]] = {}
    for position in _positions(text, read(text), agent):
        found.setdefault(position.event, []).append(position.entry)
    return found


@json_errors()
def hooks_disabled(text: str) -> bool:
    """Returns whether the settings switch every hook off. Raises SettingsError."""
    root = read(text)
    if not isinstance(root, Object):
        return False
    return any(value_of(text, item.value) is True for item in root.named(DISABLE)[-1:])


@json_errors()
def merge(
    text: str, wanted: Mapping[str, HookEntry], agent: str, original: str | None = None
) -> str:
    """Returns the text with one entry of acd's on each wanted event, and none on others.

    An outdated entry is replaced where it stands. `original` is the text before
    acd's first edit, if it is known (see Editor). Raises SettingsError for a text
    that cannot be edited without a guess.
    """
    editor = Editor(text, original)
    kept: dict[str, _Position] = {}
    surplus = []
    for position in _positions(text, editor.root, agent):
        if position.event in wanted and position.event not in kept:
            kept[position.event] = position
        else:
            surplus.append(position)
    _remove(editor, surplus)
    for event, position in kept.items():
        if position.entry != wanted[event]:
            editor.replace(position.step.value, dict(wanted[event]))
    _add(editor, {event: entry for event, entry in wanted.items() if event not in kept})
    return editor.result()


@json_errors()
def unmerge(text: str, agent: str, original: str | None = None) -> str:
    """Returns the text without acd's entries, and without containers that held nothing else.

    `unmerge(merge(text, …), agent, original=text) == text`; without the original
    a container may be missing that was empty in it. Raises SettingsError.
    """
    editor = Editor(text, original)
    _remove(editor, _positions(text, editor.root, agent))
    return editor.result()


# --- Where acd's entries stand ------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Position:
    event: str
    group: PathStep
    step: PathStep
    entry: dict[str, Any]


def _positions(text: str, root: Node | None, agent: str) -> Iterator[_Position]:
    # A value of another shape holds no hook of acd's, and is no error here.
    if not isinstance(root, Object) or (hooks := member(text, root, "hooks")) is None:
        return
    events = hooks.value
    if not isinstance(events, Object):
        return
    for event in events.items:
        member(text, events, event.key)  # raises for a repeated event
        groups = event.value
        if not isinstance(groups, Array):
            continue
        for group_index, group_item in enumerate(groups.items):
            group = group_item.value
            if not isinstance(group, Object) or (own := member(text, group, "hooks")) is None:
                continue
            entries = own.value
            if not isinstance(entries, Array):
                continue
            for index, item in enumerate(entries.items):
                entry = value_of(text, item.value)
                if is_ours(entry, agent):
                    yield _Position(
                        event.key, PathStep(groups, group_index), PathStep(entries, index), entry
                    )


def _remove(editor: Editor, positions: Iterable[_Position]) -> None:
    """Removes the entries, and each group of which no entry is left.

    Other keys of such a group (a matcher that the user has added) apply to no
    entry, and no client accepts a group without entries.
    """
    by_list: dict[int, list[_Position]] = {}
    for position in positions:
        by_list.setdefault(position.step.container.start, []).append(position)
    for found in by_list.values():
        if len(found) == len(found[0].step.container.items):
            editor.remove(found[0].group)
        else:
            for position in found:
                editor.remove(position.step)


def _add(editor: Editor, entries: Mapping[str, HookEntry]) -> None:
    """Adds a group, last, to each event's list; makes lists and objects as needed."""
    if not entries:
        return
    text, root = editor.text, editor.root
    groups = {event: {"hooks": [dict(entry)]} for event, entry in entries.items()}
    if root is not None and not isinstance(root, Object):
        raise JsonError("the settings must be an object: {…}", text, root.start)
    if root is None or (hooks := member(text, root, "hooks")) is None:
        editor.add(root, {event: [group] for event, group in groups.items()}, "hooks")
        return
    events = hooks.value
    if not isinstance(events, Object):
        raise JsonError('"hooks" must be an object: {…}', text, events.start)
    for event, group in groups.items():
        if (named := member(text, events, event)) is None:
            editor.add(events, [group], event)
            continue
        groups_node = named.value
        if not isinstance(groups_node, Array):
            raise JsonError(f'"hooks": "{event}" must be a list: […]', text, groups_node.start)
        editor.add(groups_node, group)
