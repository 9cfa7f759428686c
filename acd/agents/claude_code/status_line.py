"""Adds acd's status line to the text of Claude Code's settings, finds it and removes it.

It is `{"statusLine": {"type": "command", "command": …}}`. There is one: another
program's is never changed.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

from acd.agents.installer import StatusLine, StatusLineOwner
from acd.agents.settings.hook_entries import json_errors, words_of
from acd.agents.settings.jsonedit import Editor, PathStep, member, value_of
from acd.agents.settings.jsontext import JsonError, Node, Object

SCRIPT: Final = "acd_statusline.py"
"""The status line's file name. A command with this file is acd's status line."""

_KEY: Final = "statusLine"


def is_ours(value: object) -> bool:
    """Returns whether it runs acd's status line, with any Python from any path."""
    return any(PurePosixPath(word).name == SCRIPT for word in words_of(value))


@json_errors()
def owner(text: str) -> StatusLineOwner:
    """Returns whose status line is set. Raises SettingsError."""
    editor = Editor(text)
    found = _found(text, editor.root)
    if found is None:
        return "none"
    return "acd" if is_ours(found[1]) else "other"


@json_errors()
def merge(text: str, command: str, original: str | None = None) -> str:
    """Returns the text with acd's status line, unless another one is set. Raises SettingsError."""
    editor = Editor(text, original)
    wanted = {"type": "command", "command": command}
    root = editor.root
    if (found := _found(text, root)) is not None:
        step, value = found
        if is_ours(value) and value != wanted:
            editor.replace(step.value, wanted)
    elif root is None or isinstance(root, Object):
        editor.add(root, wanted, _KEY)
    else:
        raise JsonError("the settings must be an object: {…}", text, root.start)
    return editor.result()


@json_errors()
def unmerge(text: str, original: str | None = None) -> str:
    """Returns the text without acd's status line. `original`: see Editor. Raises SettingsError."""
    editor = Editor(text, original)
    found = _found(text, editor.root)
    if found is not None and is_ours(found[1]):
        editor.remove(found[0])
    return editor.result()


def _found(text: str, root: Node | None) -> tuple[PathStep, Any] | None:
    if not isinstance(root, Object) or (step := member(text, root, _KEY)) is None:
        return None
    return step, value_of(text, step.value)


STATUS_LINE: Final = StatusLine(script=SCRIPT, owner=owner, merge=merge, unmerge=unmerge)
