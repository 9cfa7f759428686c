"""The user's template for the text of a bar: `{question} ask, {name} since {age}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from acd.errors import EXIT_USAGE, AcdError
from acd.sessions.status import NEEDS_YOU
from acd.sessions.values import Json
from acd.ui.bars.content import BarContent, name, symbol, text


def _of_first(value: Callable[[BarContent, Json], str]) -> Callable[[BarContent], str]:
    return lambda content: value(content, content.first) if content.first is not None else ""


TEMPLATE_FIELDS: Final[Mapping[str, tuple[str, Callable[[BarContent], str]]]] = {
    "question": (
        "how many sessions have a question for you",
        lambda content: str(content.counts["question"]),
    ),
    "attention": (
        "how many have finished their turn",
        lambda content: str(content.counts["attention"]),
    ),
    "need": (
        "both together: how many need you",
        lambda content: str(sum(content.counts[status] for status in NEEDS_YOU)),
    ),
    "working": ("how many are working", lambda content: str(content.counts["working"])),
    "open": ("how many are not closed", lambda content: str(len(content.sessions))),
    "name": (
        "the session that needs you most; empty if none does, and so are the next four",
        _of_first(lambda _, first: name(first)),
    ),
    "status": (
        "its status: `question` or `attention`",
        _of_first(lambda _, first: str(first["status"])),
    ),
    "symbol": ("its status as a symbol", _of_first(lambda _, first: symbol(first))),
    "age": (
        "how long it has had it: `3m`, `2h 10m`; empty in the first minute",
        _of_first(lambda content, first: content.age(first)),
    ),
    "text": ("its question or last message", _of_first(lambda _, first: text(first))),
}
"""The description and the value of each field. `{summary}` is filled by the bar's format."""

SUMMARY: Final = "summary"
"""The field with the text that the bar shows without a template."""

_PART: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class Template:
    """A valid template."""

    def __init__(self, source: str):
        """Raises AcdError, with a hint, for an unknown field or a lone brace."""
        self._source = source
        self.fields: set[str] = set()
        for part in _PART.finditer(source):
            field = part[1]
            if field is None and part[0] in "{}":
                raise _invalid(
                    f"a lone {part[0]} at character {part.start() + 1}",
                    f"write {part[0] * 2} for the character itself",
                )
            if field is not None and field != SUMMARY and field not in TEMPLATE_FIELDS:
                names = ", ".join(f"{{{known}}}" for known in (SUMMARY, *TEMPLATE_FIELDS))
                raise _invalid(f"there is no field {{{field}}}", f"the fields are {names}")
            if field is not None:
                self.fields.add(field)

    def fill(self, content: BarContent, summary: str, escape: Callable[[str], str]) -> str:
        """The text. Values of fields pass through `escape`, except `summary`."""

        def value(part: re.Match[str]) -> str:
            if part[1] is None:
                return part[0][0]
            if part[1] == SUMMARY:
                return summary
            return escape(TEMPLATE_FIELDS[part[1]][1](content))

        return _PART.sub(value, self._source)


def _invalid(problem: str, hint: str) -> AcdError:
    return AcdError(f"--template: {problem}", hint=hint, exit_code=EXIT_USAGE)
