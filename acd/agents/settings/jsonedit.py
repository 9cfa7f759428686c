"""Edits a JSON text in place: parses it once, collects edits, and applies all of them.

Bytes outside of an edit stay as they are. Inserted parts follow the layout of the text.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from acd.agents.settings.jsontext import BOM, Container, JsonError, Node, Object, parse

_DEFAULT_INDENT: Final = "  "
_BLANKS: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class PathStep:
    """One level of a path to a value: an item of a container."""

    container: Container
    index: int

    @property
    def value(self) -> Node:
        """The item's value."""
        return self.container.items[self.index].value


def read(text: str) -> Node | None:
    """Returns the text's value; None for a blank text. Raises JsonError."""
    if not text.removeprefix(BOM).strip(_BLANKS):
        return None
    return parse(text)


def value_of(text: str, node: Node) -> Any:
    """Returns the node's value, as the json module decodes it."""
    return json.loads(text[node.start : node.end])


def member(text: str, container: Object, key: str) -> PathStep | None:
    """Returns the object's member of that name; None if it has no such member.

    Raises JsonError for a repeated key: programs differ on which one counts.
    """
    found = container.named(key)
    if len(found) > 1:
        raise JsonError(f'"{key}" is here for the second time', text, found[1].start)
    return PathStep(container, container.items.index(found[0])) if found else None


class Editor:
    """A JSON text, parsed once, and the edits to be made in it.

    A container that loses its last item is removed too, unless it was empty in
    `original`, the text before acd's first edit: then it gets that form back.
    The text alone does not distinguish the two: `{"hooks": {}}` and `{}` become the same
    when a hook is added.
    """

    def __init__(self, text: str, original: str | None = None):
        self.text = text
        self.root = read(text)
        self._original = original
        self._layout = Layout.of(text, self.root)
        # Keyed by where the container or the value starts.
        self._removed: dict[int, set[int]] = {}
        self._added: dict[int, list[tuple[str | None, object]]] = {}
        self._replaced: dict[int, object] = {}

    @functools.cached_property
    def _original_root(self) -> Node | None:
        return read(self._original) if self._original is not None else None

    def remove(self, step: PathStep) -> None:
        """Removes an item, with the comma that belongs to it."""
        self._removed.setdefault(step.container.start, set()).add(step.index)

    def replace(self, node: Node, value: object) -> None:
        """Puts another value in the node's place, in the layout of the old one."""
        self._replaced[node.start] = value

    def add(self, container: Container | None, value: object, key: str | None = None) -> None:
        """Adds an item at the container's end; `key` is its name in an object.

        None stands for the root of a blank text, which becomes an object.
        """
        self._added.setdefault(container.start if container else 0, []).append((key, value))

    def result(self) -> str:
        """Returns the edited text."""
        text, root = self.text, self.root
        if root is None:
            members = dict(self._added.get(0, ()))
            layout = self._layout
            return (
                text + layout.render(members, "", inline=False) + layout.newline
                if members
                else text
            )
        edited = self._edited(root, ())
        if edited is not None:
            return text[: root.start] + edited + text[root.end :]
        if self._original is None:
            return text[: root.start] + text[root.end :].removeprefix(self._layout.newline)
        first = self._original_root
        is_empty = first is None or (isinstance(first, Container) and not first.items)
        return self._original if is_empty else "{}" + self._layout.newline

    def _edited(self, node: Node, path: tuple[str, ...]) -> str | None:
        """Returns the value's text with the edits in it; None for one that is to be removed.

        `path` holds the keys from the root to the value, an empty one for an array's element.
        """
        if node.start in self._replaced:
            return self._laid_out(node, self._replaced[node.start])
        if not isinstance(node, Container):
            return self.text[node.start : node.end]
        added = self._added.get(node.start, ())
        if not node.items:
            return self._filled(node, added)
        leads, items = self._kept(node, path)
        if not items:
            return self._filled(node, added) if added else self._empty_original(path)
        opening, closing = self.text[node.start], self.text[node.items[-1].end : node.end]
        for key, value in added:
            # As far from the item before as that one is from what precedes it.
            lead, inline = self._next_lead(leads[-1])
            margin = lead.rpartition("\n")[2]
            leads.append("," + lead)
            items.append(self._layout.item(key, value, margin, inline=inline))
        return opening + "".join(map("".join, zip(leads, items, strict=True))) + closing

    def _kept(self, container: Container, path: tuple[str, ...]) -> tuple[list[str], list[str]]:
        """Returns what precedes each item that stays, and the item's text."""
        removed = self._removed.get(container.start, ())
        leads: list[str] = []
        items: list[str] = []
        end = container.start + 1
        first_lead = self.text[end : container.items[0].start]
        for index, item in enumerate(container.items):
            lead, end = self.text[end : item.start], item.end
            value = None if index in removed else self._edited(item.value, (*path, item.key))
            if value is not None:
                leads.append(lead if leads else first_lead)
                items.append(self.text[item.start : item.value.start] + value)
        return leads, items

    def _next_lead(self, lead: str) -> tuple[str, bool]:
        """Returns what stands between a comma and the next item, and whether that is one line."""
        between = lead.rpartition(",")[2]
        if "\n" not in between:
            return self._layout.gap, True
        return self._layout.newline + between.rpartition("\n")[2], False

    def _filled(self, container: Container, added: Sequence[tuple[str | None, object]]) -> str:
        """Returns a container that has no items of its own with the added ones."""
        whole = self.text[container.start : container.end]
        opening, closing = whole[0], whole[-1]
        if not added:
            return whole
        layout = self._layout
        if layout.inline and "\n" not in whole:
            items = [layout.item(key, value, "", inline=True) for key, value in added]
            return opening + ("," + layout.gap).join(items) + closing
        line = self.text[self.text.rfind("\n", 0, container.start) + 1 : container.start]
        outer = layout.newline + _margin(line.removeprefix(BOM))
        inner = outer + layout.indent
        margin = inner.removeprefix(layout.newline)
        items = [layout.item(key, value, margin, inline=False) for key, value in added]
        return opening + inner + ("," + inner).join(items) + outer + closing

    def _empty_original(self, path: tuple[str, ...]) -> str | None:
        """Returns the form that an emptied container had in the original, if it was empty there."""
        node = self._original_root if path else None
        for key in path:
            named = node.named(key) if isinstance(node, Object) else []
            node = named[0].value if named else None
        if self._original is None or not isinstance(node, Container) or node.items:
            return None
        return self._original[node.start : node.end]

    def _laid_out(self, node: Node, value: object) -> str:
        old = self.text[node.start : node.end]
        margin = _margin(old.rpartition("\n")[2])
        return self._layout.render(value, margin, inline="\n" not in old)


def _margin(line: str) -> str:
    """Returns the blanks at the line's beginning."""
    return line[: len(line) - len(line.lstrip(" \t"))]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is laid out, so that added parts look like the rest of it."""

    newline: str
    indent: str
    """One level."""
    gap: str
    """What follows a comma or a colon within a line."""
    inline: bool
    """Whether the whole text is on one line."""

    @classmethod
    def of(cls, text: str, root: Node | None) -> Layout:
        """Returns the layout of a text; the one of json.dumps(indent=2) where it shows none."""
        newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
        layout = cls(newline, _DEFAULT_INDENT, " ", inline=False)
        if not isinstance(root, Container) or not root.items:
            return layout
        first = root.items[0]
        margin = re.search(r"\n([ \t]*)$", text[root.start + 1 : first.start])
        return replace(
            layout,
            indent=margin[1] if margin and margin[1] else _DEFAULT_INDENT,
            gap=" " if text[first.value.start - 1] == " " else "",
            inline="\n" not in text[root.start : root.end],
        )

    def render(self, value: object, margin: str, *, inline: bool) -> str:
        """Returns the value as JSON; every line but the first begins with the margin."""
        if inline:
            separators = ("," + self.gap, ":" + self.gap)
            return json.dumps(value, ensure_ascii=False, separators=separators)
        lines = json.dumps(value, ensure_ascii=False, indent=self.indent).split("\n")
        return (self.newline + margin).join(lines)

    def item(self, key: str | None, value: object, margin: str, *, inline: bool) -> str:
        """Returns an item of a container: the value, after its key in an object."""
        rendered = self.render(value, margin, inline=inline)
        if key is None:
            return rendered
        colon = ":" + (self.gap if inline else " ")
        return json.dumps(key, ensure_ascii=False) + colon + rendered
