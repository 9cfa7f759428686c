"""A text of the user's own for a bar: `{question} ask, {name} waits {age}`.

Responsible for the fields that there are, and for saying what is wrong with a
template. It refuses to know any bar's markup: what fills a field goes through
a function that makes it harmless.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from acd.errors import EXIT_USAGE, AcdError
from acd.sessions.status import NEEDS_YOU
from acd.sessions.values import Json
from acd.ui.bars import view
from acd.ui.bars.view import View


def _of_first(tell: Callable[[View, Json], str]) -> Callable[[View], str]:
    return lambda look: tell(look, look.first) if look.first is not None else ""


FIELDS: Final[Mapping[str, tuple[str, Callable[[View], str]]]] = {
    "question": (
        "how many wait for an answer",
        lambda look: str(look.counts["question"]),
    ),
    "attention": (
        "how many have finished their turn",
        lambda look: str(look.counts["attention"]),
    ),
    "need": (
        "both together: how many need you",
        lambda look: str(sum(look.counts[status] for status in NEEDS_YOU)),
    ),
    "working": ("how many work", lambda look: str(look.counts["working"])),
    "open": ("all of them that are not closed", lambda look: str(len(look.sessions))),
    "name": (
        "who needs you most; empty while nobody does, and so are the next four",
        _of_first(lambda _, first: view.name(first)),
    ),
    "status": (
        "its status: `question` or `attention`",
        _of_first(lambda _, first: str(first["status"])),
    ),
    "symbol": ("its status as a symbol", _of_first(lambda _, first: view.symbol(first))),
    "age": (
        "for how long: `3m`, `2h 10m`; empty in the first minute",
        _of_first(lambda look, first: look.age(first)),
    ),
    "text": ("what it asks or last said", _of_first(lambda _, first: view.text(first))),
}
"""What each field means, and how it is filled. `{summary}` is the bar's own."""

SUMMARY: Final = "summary"
"""The text that the bar shows without a template."""

_PART: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class Template:
    """A template that is known to be right."""

    def __init__(self, source: str):
        """Raises AcdError, which names what is wrong and what would be right."""
        self._source = source
        self.fields: set[str] = set()
        for part in _PART.finditer(source):
            field = part[1]
            if field is None and part[0] in "{}":
                raise _bad(
                    f"a lone {part[0]} at character {part.start() + 1}",
                    f"write {part[0] * 2} for the character itself",
                )
            if field is not None and field != SUMMARY and field not in FIELDS:
                raise _bad(
                    f"there is no field {{{field}}}",
                    f"there are {', '.join(f'{{{known}}}' for known in (SUMMARY, *FIELDS))}",
                )
            if field is not None:
                self.fields.add(field)

    def fill(self, look: View, summary: str, harmless: Callable[[str], str]) -> str:
        """The text; what is foreign in it is passed through `harmless`."""

        def filled(part: re.Match[str]) -> str:
            if part[1] is None:
                return part[0][0]
            if part[1] == SUMMARY:
                return summary
            return harmless(FIELDS[part[1]][1](look))

        return _PART.sub(filled, self._source)


def _bad(problem: str, hint: str) -> AcdError:
    return AcdError(f"--template: {problem}", hint=hint, exit_code=EXIT_USAGE)
