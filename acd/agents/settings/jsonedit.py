"""Edits of a JSON text: only what is meant is inserted, replaced or cut.

Responsible for every other byte staying as it is, for new parts looking like
the rest of the text, and for a cut being the exact inverse of an insertion.
Pure: text in, text out. It refuses to know what the text is for.

One thing has to be told apart when cutting: a container that was made to hold
what is cut (it goes too) from one that stood there empty (it stays). So what
goes into an empty container begins with one space more than anybody would
write; a text whose blanks somebody has tidied since loses an empty `[]` or `{}`
at most.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from acd.agents.settings.jsontext import BOM, Container, JsonError, Node, Object, parse

_DEFAULT_INDENT: Final = "  "
_MARK: Final = " "
_BLANKS: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Step:
    """One level on the way down to a value: an item of a container."""

    container: Container
    index: int


def read(text: str) -> Node | None:
    """The text's value; None for a text that holds nothing. Raises JsonError."""
    if not text.removeprefix(BOM).strip(_BLANKS):
        return None
    return parse(text)


def value_of(text: str, node: Node) -> Any:
    """What stands there, as the json module gives it."""
    return json.loads(text[node.start : node.end])


def member(text: str, container: Object, key: str) -> Step | None:
    """The member of that name.

    JsonError when there are several: programs differ on which one counts.
    """
    found = container.named(key)
    if len(found) > 1:
        raise JsonError(f'"{key}" stands here a second time', text, found[1].start)
    return Step(container, container.items.index(found[0])) if found else None


def cut(text: str, path: Sequence[Step]) -> str:
    """Without what the path leads to, and without the containers around it that we made."""
    for step in reversed(path):
        items, index = step.container.items, step.index
        if index > 0:
            return text[: items[index - 1].end] + text[items[index].end :]
        if len(items) > 1:
            return text[: items[0].start] + text[items[1].start :]
        blanks = text[step.container.start + 1 : items[0].start]
        if (found_empty := _blanks_found(blanks)) is not None:
            inside = slice(step.container.start + 1, step.container.end - 1)
            return text[: inside.start] + found_empty + text[inside.stop :]
    root = path[0].container
    after = text[root.end :]
    return text[: root.start] + after.removeprefix(newline_of(text))


def _blanks_found(blanks: str) -> str | None:
    """What an empty container held before we filled it; None when it was made for us.

    `blanks` stand between its opening bracket and its only item: see _fill.
    """
    before, newline, _ = blanks.rpartition("\n")
    line = before.removesuffix("\r") if newline else blanks
    return line.removesuffix(_MARK) if line.endswith(_MARK) else None


def replace_value(text: str, node: Node, value: object) -> str:
    """With another value in the node's place, laid out as the old one was."""
    style = Style.of(text, read(text))
    old = text[node.start : node.end]
    *_, last_line = old.split("\n")
    margin = last_line[: len(last_line) - len(last_line.lstrip(" \t"))]
    new = style.render(value, margin, inline="\n" not in old)
    return text[: node.start] + new + text[node.end :]


def insert(text: str, container: Container, key: str | None, value: object, style: Style) -> str:
    """With one more item, last; `key` is its name in an object."""
    if container.items:
        return _extend(text, container, key, value, style)
    return _fill(text, container, key, value, style)


def _extend(text: str, container: Container, key: str | None, value: object, style: Style) -> str:
    """With one more item after the last, set apart from it as that one is from what precedes."""
    items = container.items
    previous = items[-2].end if len(items) > 1 else container.start + 1
    between = text[previous : items[-1].start].rpartition(",")[2]
    if "\n" in between:
        margin = between.rpartition("\n")[2]
        item = style.newline + margin + style.item(key, value, margin, inline=False)
    else:
        item = style.gap + style.item(key, value, "", inline=True)
    end = items[-1].end
    return f"{text[:end]},{item}{text[end:]}"


def _fill(text: str, container: Container, key: str | None, value: object, style: Style) -> str:
    """With the first item of a container that stood there empty, so that _cut knows it did."""
    blanks = text[container.start + 1 : container.end - 1]
    head = text[: container.start + 1] + blanks + _MARK
    tail = text[container.end - 1 :]
    if style.inline and "\n" not in blanks:
        return head + style.item(key, value, "", inline=True) + tail
    line = text[text.rfind("\n", 0, container.start) + 1 : container.start].removeprefix(BOM)
    outer = line[: len(line) - len(line.lstrip(" \t"))]
    margin = outer + style.indent
    item = style.item(key, value, margin, inline=False)
    return f"{head}{style.newline}{margin}{item}{style.newline}{outer}{tail}"


def newline_of(text: str) -> str:
    """How its lines end, most of them."""
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is laid out, so that what we add looks like the rest of it."""

    newline: str
    indent: str
    """One level."""
    gap: str
    """What follows a comma or a colon within a line."""
    inline: bool
    """Everything on one line."""

    @classmethod
    def of(cls, text: str, root: Node | None) -> Style:
        style = cls(newline_of(text), _DEFAULT_INDENT, " ", inline=False)
        if not isinstance(root, Container) or not root.items:
            return style
        first = root.items[0]
        whole = text[root.start : root.end]
        margin = re.search(r"\n([ \t]*)$", text[root.start + 1 : first.start])
        return replace(
            style,
            indent=margin[1] if margin and margin[1] else _DEFAULT_INDENT,
            gap=" " if text[first.value.start - 1] == " " else "",
            inline="\n" not in whole,
        )

    def render(self, value: object, margin: str, *, inline: bool) -> str:
        """The value as JSON, its first line without the margin, the further ones with it."""
        if inline:
            separators = ("," + self.gap, ":" + self.gap)
            return json.dumps(value, ensure_ascii=False, separators=separators)
        lines = json.dumps(value, ensure_ascii=False, indent=self.indent).split("\n")
        return (self.newline + margin).join(lines)

    def item(self, key: str | None, value: object, margin: str, *, inline: bool) -> str:
        """An item of a container: the value, after its key in an object."""
        if key is None:
            return self.render(value, margin, inline=inline)
        colon = ":" + (self.gap if inline else " ")
        return (
            json.dumps(key, ensure_ascii=False) + colon + self.render(value, margin, inline=inline)
        )
