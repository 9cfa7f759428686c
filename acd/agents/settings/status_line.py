"""Our status line in the text of Claude Code's settings: put in, found, taken out.

Responsible for `{"statusLine": {"type": "command", "command": …}}`, of which
there is one: somebody else's is never touched. Pure: text in, text out; taking
out is the exact inverse of putting in. It refuses to know files, and what the
command says.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final, Literal

from acd.agents.settings.hook_entries import telling, words_of
from acd.agents.settings.jsonedit import (
    Step,
    Style,
    cut,
    insert,
    member,
    read,
    replace_value,
    value_of,
)
from acd.agents.settings.jsontext import JsonError, Object

STATUS_LINE_FILE: Final = "acd_statusline.py"
"""The status line's file name: the mark by which ours is known."""

_KEY: Final = "statusLine"


def is_our_status_line(value: object) -> bool:
    """Whether it runs our status line, wherever python and the file are."""
    return any(PurePosixPath(word).name == STATUS_LINE_FILE for word in words_of(value))


@telling()
def whose_status_line(text: str) -> Literal["ours", "other", "nobody's"]:
    """Whose status line is set. Raises SettingsError."""
    found = _found(text)
    if found is None:
        return "nobody's"
    return "ours" if is_our_status_line(found[1]) else "other"


@telling()
def merge_status_line(text: str, wanted: Mapping[str, Any]) -> str:
    """The text with our status line, if it has none of somebody else's. Raises SettingsError."""
    found = _found(text)
    if found is not None:
        step, value = found
        if not is_our_status_line(value) or value == wanted:
            return text
        return replace_value(text, step.container.items[step.index].value, dict(wanted))
    root = read(text)
    style = Style.of(text, root)
    if root is None:
        return text + style.render({_KEY: wanted}, "", inline=False) + style.newline
    if not isinstance(root, Object):
        raise JsonError("the settings must be an object: {…}", text, root.start)
    return insert(text, root, _KEY, dict(wanted), style)


@telling()
def unmerge_status_line(text: str) -> str:
    """The text without our status line. Raises SettingsError for a text that is not JSON."""
    found = _found(text)
    if found is None or not is_our_status_line(found[1]):
        return text
    return cut(text, (found[0],))


def _found(text: str) -> tuple[Step, Any] | None:
    root = read(text)
    if not isinstance(root, Object) or (step := member(text, root, _KEY)) is None:
        return None
    return step, value_of(text, root.items[step.index].value)
