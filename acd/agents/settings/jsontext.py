"""Parses JSON strictly (RFC 8259) into nodes that hold their positions in the text.

An error has the line and column. The json module returns values without
positions, and accepts NaN and repeated keys.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

BOM: Final = "\ufeff"
MAX_NESTING: Final = 200
"""Levels of nesting; a settings file has a handful, and the recursion needs a limit."""

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
# Possessive, so that a string without an end causes no backtracking.
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+"')
_LITERAL = re.compile(r"true|false|null")
_WORD = re.compile(r"[\w.+-]+")


class JsonError(ValueError):
    """The text is not JSON at `position`; `line` and `column` count from 1."""

    def __init__(self, what: str, text: str, position: int):
        # A position past the end stands for the end.
        before = text[:position]
        self.what = what
        self.line = before.count("\n") + 1
        self.column = len(before) - (before.rfind("\n") + 1) + 1
        if self.line == 1 and before.startswith(BOM):
            self.column -= 1  # editors do not count it
        super().__init__(f"line {self.line}, column {self.column}: {what}")


@dataclass(frozen=True, slots=True)
class Node:
    """A value: text[start:end]."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """A string, a number, true, false or null."""


@dataclass(frozen=True, slots=True)
class Item(Node):
    """An element of an array, or a member of an object from its key to its value's end."""

    value: Node
    key: str = ""
    """Empty in an array."""


@dataclass(frozen=True, slots=True)
class Container(Node):
    """An array or an object, with its items in the order of the text."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Array(Container):
    """[…]"""


@dataclass(frozen=True, slots=True)
class Object(Container):
    """{…}; a key may be in it more than once."""

    def named(self, key: str) -> list[Item]:
        """Returns its members of that name."""
        return [item for item in self.items if item.key == key]


def parse(text: str) -> Node:
    """Returns the text's one value; a byte order mark before it is skipped.

    Raises JsonError, also for nesting deeper than MAX_NESTING.
    """
    parser = _Parser(text)
    node, position = parser.value(parser.space(len(BOM) if text.startswith(BOM) else 0), 0)
    if (end := parser.space(position)) != len(text):
        raise parser.error(end, "the end of the file")
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text

    def error(self, position: int, expected: str) -> JsonError:
        """Returns the error for a text without `expected` at that position."""
        text = self.text
        if position >= len(text):
            return JsonError(f"the file ends where {expected} is missing", text, position)
        if text.startswith(("//", "/*", "#"), position):
            return JsonError("a comment, which JSON does not have", text, position)
        if text[position] in "]}" and text[:position].rstrip().endswith(","):
            return JsonError("a comma with nothing after it", text, position)
        if text[position] == '"' and expected.endswith("value"):
            return JsonError("a string that is not closed or not valid", text, position)
        if text[position] == "'":
            return JsonError("a single quote where JSON has double quotes", text, position)
        word = _WORD.match(text, position)
        found = word[0][:40] if word else text[position]
        return JsonError(f"{found!a} where {expected} should be", text, position)

    def space(self, position: int) -> int:
        match = _SPACE.match(self.text, position)
        return match.end() if match else position

    def value(self, position: int, depth: int) -> tuple[Node, int]:
        opening = self.text[position : position + 1]
        if opening in ("{", "["):
            if depth >= MAX_NESTING:
                raise JsonError("nested too deeply", self.text, position)
            return self.container(position, depth + 1)
        for pattern in (_STRING, _LITERAL, _NUMBER):
            if match := pattern.match(self.text, position):
                return Scalar(position, match.end()), match.end()
        raise self.error(position, "a value")

    def container(self, start: int, depth: int) -> tuple[Node, int]:
        is_object = self.text[start] == "{"
        closing = "}" if is_object else "]"
        items: list[Item] = []
        position = self.space(start + 1)
        if self.text.startswith(closing, position):
            end = position + 1
        else:
            while True:
                item, position = self.item(position, depth, is_object)
                items.append(item)
                position = self.space(position)
                if self.text.startswith(closing, position):
                    end = position + 1
                    break
                if not self.text.startswith(",", position):
                    raise self.error(position, f"a comma or {closing}")
                position = self.space(position + 1)
        kind = Object if is_object else Array
        return kind(start, end, tuple(items)), end

    def item(self, start: int, depth: int, is_object: bool) -> tuple[Item, int]:
        key, position = "", start
        if is_object:
            match = _STRING.match(self.text, start)
            if match is None:
                raise self.error(start, "a key in double quotes")
            key = json.loads(match[0])
            colon = self.space(match.end())
            if not self.text.startswith(":", colon):
                raise self.error(colon, "a colon")
            position = self.space(colon + 1)
        value, end = self.value(position, depth)
        return Item(start, end, value, key), end
