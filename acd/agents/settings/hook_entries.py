"""Our hooks in the text of an agent's settings: put in, found, taken out.

Responsible for finding what is ours, and for taking out being the exact inverse
of putting in (`unmerge(merge(text)) == text`). Pure: text in, text out. It
refuses to know files, how a text is edited (jsonedit.py), which events an agent
has, and what a handler says.

The shape is the one that Claude Code and Codex share:
`{"hooks": {EVENT: [{"hooks": [HANDLER, …]}, …]}}`, each handler an object with
a `command`. We append a group of our own, last, to each event.
"""

from __future__ import annotations

import contextlib
import itertools
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

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
from acd.agents.settings.jsontext import Array, JsonError, Node, Object
from acd.errors import AcdError

HOOK_FILE: Final = "acd_hook.py"
"""The hook's file name: with the agent's name after it, the mark by which our entries are known."""

DISABLE: Final = "disableAllHooks"
"""The key that switches every hook off."""

Handler = Mapping[str, Any]
"""A hook entry, as JSON: `type`, `command` and the agent's further keys."""


class SettingsError(AcdError):
    """A settings text that cannot be edited; it says where and what to do."""

    def __init__(self, error: JsonError):
        super().__init__(
            str(error),
            hint="nothing was changed; mend the file and run this again",
        )


@contextlib.contextmanager
def telling() -> Iterator[None]:
    """Around, or as a decorator of, whatever edits a settings text."""
    try:
        yield
    except JsonError as error:
        raise SettingsError(error) from error


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
    return any(
        PurePosixPath(first).name == HOOK_FILE and second == agent
        for first, second in itertools.pairwise(words_of(handler))
    )


def words_of(handler: object) -> list[str]:
    """What a shell would make of a handler's command and arguments; nothing of anything else."""
    if not isinstance(handler, dict):
        return []
    command, arguments = handler.get("command"), handler.get("args")
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


@telling()
def installed(text: str, agent: str) -> dict[str, list[dict[str, Any]]]:
    """Our handlers that are in the text, by event.

    Raises SettingsError for a text that is not JSON.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for place in _places(text, read(text), agent):
        found.setdefault(place.event, []).append(place.handler)
    return found


@telling()
def hooks_disabled(text: str) -> bool:
    """Whether the settings switch every hook off."""
    root = read(text)
    if not isinstance(root, Object):
        return False
    return any(value_of(text, item.value) is True for item in root.named(DISABLE)[-1:])


@telling()
def merge(text: str, wanted: Mapping[str, Handler], agent: str) -> str:
    """The text with exactly the wanted handler of ours on each event, and none on others.

    A handler of ours that says something else is replaced where it stands.
    Raises SettingsError for what cannot be edited without a guess.
    """
    # Every edit moves what stands behind it, so each reads its places afresh.
    while (stale := _first_place(text, agent, unless=wanted)) is not None:
        text = _without(text, stale)
    for event, handler in wanted.items():
        while len(places := _places_of(text, agent, event)) > 1:
            text = _without(text, places[-1])
        if not places:
            text = _append(text, event, {"hooks": [dict(handler)]})
        elif places[0].handler != handler:
            text = replace_value(text, places[0].node, dict(handler))
    return text


@telling()
def unmerge(text: str, agent: str) -> str:
    """The text without our handlers, and without what only held them.

    Raises SettingsError for a text that is not JSON.
    """
    while (place := _first_place(text, agent)) is not None:
        text = _without(text, place)
    return text


def _without(text: str, place: _Place) -> str:
    """Without a handler of ours, and without its group if it was the only one in it.

    What else stands in such a group (a matcher that the user has added) says
    something of nothing, and no client accepts a group without handlers.
    """
    is_alone = len(place.path[-1].container.items) == 1
    return cut(text, place.path[:_GROUP] if is_alone else place.path)


# --- Where our handlers stand -------------------------------------------------


_GROUP: Final = 3
"""The steps of a place's path that lead to the group: `hooks`, the event, the group."""


@dataclass(frozen=True, slots=True)
class _Place:
    event: str
    path: tuple[Step, ...]
    """From the whole text's object to the list that holds the handler; see _GROUP."""
    node: Node
    handler: dict[str, Any]


def _places(text: str, root: Node | None, agent: str) -> Iterator[_Place]:
    # What is not of the known shape holds nothing of ours, and is nobody's error here.
    if not isinstance(root, Object) or (hooks := member(text, root, "hooks")) is None:
        return
    events = hooks.container.items[hooks.index].value
    if not isinstance(events, Object):
        return
    for event_index, event in enumerate(events.items):
        member(text, events, event.key)  # there is only one of that name
        groups = event.value
        if not isinstance(groups, Array):
            continue
        for group_index, group_item in enumerate(groups.items):
            group = group_item.value
            if not isinstance(group, Object) or (own := member(text, group, "hooks")) is None:
                continue
            handlers = group.items[own.index].value
            if not isinstance(handlers, Array):
                continue
            for index, item in enumerate(handlers.items):
                handler = value_of(text, item.value)
                if is_ours(handler, agent):
                    path = (
                        hooks,
                        Step(events, event_index),
                        Step(groups, group_index),
                        own,
                        Step(handlers, index),
                    )
                    yield _Place(event.key, path, item.value, handler)


def _places_of(text: str, agent: str, event: str) -> list[_Place]:
    return [place for place in _places(text, read(text), agent) if place.event == event]


def _first_place(
    text: str, agent: str, unless: Mapping[str, Handler] | None = None
) -> _Place | None:
    places = _places(text, read(text), agent)
    return next((place for place in places if place.event not in (unless or {})), None)


# --- Putting in ---------------------------------------------------------------


def _append(text: str, event: str, group: dict[str, Any]) -> str:
    """With one more group, last, in the event's list; lists and objects are made as needed."""
    root = read(text)
    style = Style.of(text, root)
    if root is None:
        whole = {"hooks": {event: [group]}}
        return text + style.render(whole, "", inline=False) + style.newline
    if not isinstance(root, Object):
        raise JsonError("the settings must be an object: {…}", text, root.start)
    if (hooks := member(text, root, "hooks")) is None:
        return insert(text, root, "hooks", {event: [group]}, style)
    events = root.items[hooks.index].value
    if not isinstance(events, Object):
        raise JsonError('"hooks" must be an object: {…}', text, events.start)
    if (named := member(text, events, event)) is None:
        return insert(text, events, event, [group], style)
    groups = events.items[named.index].value
    if not isinstance(groups, Array):
        raise JsonError(f'"hooks": "{event}" must be a list: […]', text, groups.start)
    return insert(text, groups, None, group, style)
