"""Our hooks in the text of an agent's settings: put in, found, taken out.

Responsible for editing the text surgically: only what is ours is inserted,
replaced or cut, every other byte stays, and taking out is the exact inverse of
putting in (`unmerge(merge(text)) == text`). Pure: text in, text out. It
refuses to know files, which events an agent has, and what a handler says.

The shape is the one that Claude Code and Codex share:
`{"hooks": {EVENT: [{"hooks": [HANDLER, …]}, …]}}`, each handler an object with
a `command`. We append a group of our own, last, to each event.

One thing has to be told apart when taking out: a container that we made (it
goes with us) from one that stood there empty (it stays). So what goes into an
empty container begins with one space more than anybody would write; a file
whose blanks somebody has tidied since loses an empty `[]` or `{}` at most.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, Final

from acd.errors import AcdError
from acd.install.jsontext import BOM, Array, Container, JsonError, Node, Object, parse

HOOK_FILE: Final = "acd_hook.py"
"""The hook's file name: with the agent's name after it, the mark by which our entries are known."""

Handler = Mapping[str, Any]
"""A hook entry, as JSON: `type`, `command` and the agent's further keys."""

_DEFAULT_INDENT: Final = "  "
_MARK: Final = " "
_BLANKS: Final = " \t\r\n"


class SettingsError(AcdError):
    """A settings text that cannot be edited; it says where and what to do."""

    def __init__(self, error: JsonError):
        super().__init__(
            str(error),
            hint="nothing was changed; mend the file and run this again",
        )


def decode(content: bytes) -> str:
    """A settings file's content as text; encode() gives back the same bytes.

    Raises SettingsError for what is not UTF-8 (RFC 8259 section 8.1).
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        readable = content[: error.start].decode()
        what = "not UTF-8; save the file as UTF-8"
        raise SettingsError(JsonError(what, readable, len(readable))) from error


def is_ours(handler: object, agent: str) -> bool:
    """Whether a handler runs our hook for this agent, wherever python and the hook are.

    Its command, read as a shell reads words, names our hook's file and then the agent.
    """
    if not isinstance(handler, dict):
        return False
    command, arguments = handler.get("command"), handler.get("args")
    words: list[str] = []
    if isinstance(command, str):
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        try:
            words = list(lexer)
        except ValueError:  # no shell would run it either
            return False
    if isinstance(arguments, list):
        words += [word for word in arguments if isinstance(word, str)]
    return any(
        PurePosixPath(first).name == HOOK_FILE and second == agent
        for first, second in itertools.pairwise(words)
    )


def installed(text: str, agent: str) -> dict[str, list[dict[str, Any]]]:
    """Our handlers that are in the text, by event.

    Raises SettingsError for a text that is not JSON.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for place in _places(text, _parse(text), agent):
        found.setdefault(place.event, []).append(place.handler)
    return found


def hooks_disabled(text: str) -> bool:
    """Whether the settings switch every hook off (`disableAllHooks`, Claude Code)."""
    root = _parse(text)
    if not isinstance(root, Object):
        return False
    return any(_value(text, item.value) is True for item in root.named("disableAllHooks")[-1:])


def merge(text: str, wanted: Mapping[str, Handler], agent: str) -> str:
    """The text with exactly the wanted handler of ours on each event, and none on others.

    A handler of ours that says something else is replaced where it stands.
    Raises SettingsError for what cannot be edited without a guess.
    """
    # Every edit moves what stands behind it, so each reads its places afresh.
    while (stale := _first_place(text, agent, unless=wanted)) is not None:
        text = _cut(text, stale)
    for event, handler in wanted.items():
        places = [place for place in _places(text, _parse(text), agent) if place.event == event]
        for extra in reversed(places[1:]):
            text = _cut(text, extra)
        if not places:
            text = _append(text, event, {"hooks": [dict(handler)]})
        elif places[0].handler != handler:
            text = _replace(text, places[0].node, dict(handler))
    return text


def unmerge(text: str, agent: str) -> str:
    """The text without our handlers, and without what only held them.

    Raises SettingsError for a text that is not JSON.
    """
    while (place := _first_place(text, agent)) is not None:
        text = _cut(text, place)
    return text


# --- Where our handlers stand -------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    """One level on the way down to a handler: an item of a container."""

    container: Container
    index: int


@dataclass(frozen=True, slots=True)
class _Place:
    event: str
    path: tuple[_Step, ...]
    """From the whole text's object to the list that holds the handler."""
    node: Node
    handler: dict[str, Any]


def _places(text: str, root: Node | None, agent: str) -> Iterator[_Place]:
    # What is not of the known shape holds nothing of ours, and is nobody's error here.
    if not isinstance(root, Object) or (hooks := _member(text, root, "hooks")) is None:
        return
    events = hooks.container.items[hooks.index].value
    if not isinstance(events, Object):
        return
    for event_index, event in enumerate(events.items):
        _member(text, events, event.key)  # there is only one of that name
        groups = event.value
        if not isinstance(groups, Array):
            continue
        for group_index, group_item in enumerate(groups.items):
            group = group_item.value
            if not isinstance(group, Object) or (own := _member(text, group, "hooks")) is None:
                continue
            handlers = group.items[own.index].value
            if not isinstance(handlers, Array):
                continue
            for index, item in enumerate(handlers.items):
                handler = _value(text, item.value)
                if is_ours(handler, agent):
                    path = (
                        hooks,
                        _Step(events, event_index),
                        _Step(groups, group_index),
                        own,
                        _Step(handlers, index),
                    )
                    yield _Place(event.key, path, item.value, handler)


def _first_place(
    text: str, agent: str, unless: Mapping[str, Handler] | None = None
) -> _Place | None:
    places = _places(text, _parse(text), agent)
    return next((place for place in places if place.event not in (unless or {})), None)


def _parse(text: str) -> Node | None:
    """The text's value; None for a text that holds nothing."""
    if not text.removeprefix(BOM).strip(_BLANKS):
        return None
    try:
        return parse(text)
    except JsonError as error:
        raise SettingsError(error) from error


def _value(text: str, node: Node) -> Any:
    return json.loads(text[node.start : node.end])


def _member(text: str, container: Object, key: str) -> _Step | None:
    """The member of that name.

    SettingsError when there are several: programs differ on which one counts.
    """
    found = container.named(key)
    if len(found) > 1:
        raise _error(f'"{key}" stands here a second time', text, found[1])
    return _Step(container, container.items.index(found[0])) if found else None


def _error(what: str, text: str, node: Node) -> SettingsError:
    return SettingsError(JsonError(what, text, node.start))


# --- Taking out ---------------------------------------------------------------


def _cut(text: str, place: _Place) -> str:
    """Without the handler, and without the containers around it that we made."""
    for step in reversed(place.path):
        items, index = step.container.items, step.index
        if index > 0:
            return text[: items[index - 1].end] + text[items[index].end :]
        if len(items) > 1:
            return text[: items[0].start] + text[items[1].start :]
        blanks = text[step.container.start + 1 : items[0].start]
        if (found_empty := _blanks_found(blanks)) is not None:
            inside = slice(step.container.start + 1, step.container.end - 1)
            return text[: inside.start] + found_empty + text[inside.stop :]
    root = place.path[0].container
    after = text[root.end :]
    return text[: root.start] + after.removeprefix(_newline(text))


def _blanks_found(blanks: str) -> str | None:
    """What an empty container held before we filled it; None when it was made for us.

    `blanks` stand between its opening bracket and its only item: see _fill.
    """
    before, newline, _ = blanks.rpartition("\n")
    line = before.removesuffix("\r") if newline else blanks
    return line.removesuffix(_MARK) if line.endswith(_MARK) else None


# --- Putting in ---------------------------------------------------------------


def _append(text: str, event: str, group: dict[str, Any]) -> str:
    """With one more group, last, in the event's list; lists and objects are made as needed."""
    root = _parse(text)
    style = _Style.of(text, root)
    if root is None:
        whole = {"hooks": {event: [group]}}
        return text + style.render(whole, "", inline=False) + style.newline
    if not isinstance(root, Object):
        raise _error("the settings must be an object: {…}", text, root)
    if (hooks := _member(text, root, "hooks")) is None:
        return _insert(text, root, "hooks", {event: [group]}, style)
    events = root.items[hooks.index].value
    if not isinstance(events, Object):
        raise _error('"hooks" must be an object: {…}', text, events)
    if (member := _member(text, events, event)) is None:
        return _insert(text, events, event, [group], style)
    groups = events.items[member.index].value
    if not isinstance(groups, Array):
        raise _error(f'"hooks": "{event}" must be a list: […]', text, groups)
    return _insert(text, groups, None, group, style)


def _replace(text: str, node: Node, value: object) -> str:
    """With another value in the node's place, laid out as the old one was."""
    style = _Style.of(text, _parse(text))
    old = text[node.start : node.end]
    *_, last_line = old.split("\n")
    margin = last_line[: len(last_line) - len(last_line.lstrip(" \t"))]
    new = style.render(value, margin, inline="\n" not in old)
    return text[: node.start] + new + text[node.end :]


def _insert(text: str, container: Container, key: str | None, value: object, style: _Style) -> str:
    if container.items:
        return _extend(text, container, key, value, style)
    return _fill(text, container, key, value, style)


def _extend(text: str, container: Container, key: str | None, value: object, style: _Style) -> str:
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


def _fill(text: str, container: Container, key: str | None, value: object, style: _Style) -> str:
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


def _newline(text: str) -> str:
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


@dataclass(frozen=True, slots=True)
class _Style:
    """How a file is laid out, so that what we add looks like the rest of it."""

    newline: str
    indent: str
    """One level."""
    gap: str
    """What follows a comma or a colon within a line."""
    inline: bool
    """Everything on one line."""

    @classmethod
    def of(cls, text: str, root: Node | None) -> _Style:
        style = cls(_newline(text), _DEFAULT_INDENT, " ", inline=False)
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
