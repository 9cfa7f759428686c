"""Reads fields of JSON objects whose format may change: a field of a wrong type is missing.

Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from acd.sessions.metadata import is_text
from acd.sessions.values import PROMPT_LENGTH, Json, is_whole

FIELD_LENGTH: Final = 4096
"""The most characters of a name or a path (Linux's PATH_MAX); a longer field is missing."""
NAME_LENGTH: Final = 128
"""The most characters of a name or an id: many of them are kept."""
HINT_LENGTH: Final = 512
"""The most characters of a terminal hint; the hook has the same bound."""
MAX_TEXT: Final = 1 << 20
"""The most characters of a text that is cut afterwards."""


def text(fields: Json, key: str, limit: int = FIELD_LENGTH) -> str | None:
    """A string of 1 to `limit` characters that is_text, else None."""
    value = fields.get(key)
    if isinstance(value, str) and 0 < len(value) <= limit and is_text(value):
        return value
    return None


def short_text(fields: Json, key: str) -> str | None:
    """A name or an id, else None."""
    return text(fields, key, NAME_LENGTH)


def long_text(fields: Json, key: str) -> str | None:
    """A string that is cut afterwards, else None."""
    return text(fields, key, MAX_TEXT)


def by_field(names: Mapping[str, str]) -> Callable[[str, Json], str | None]:
    """A function (event, payload) to the event's kind: `names` maps events to a field of theirs."""

    def kind(event: str, payload: Json) -> str | None:
        return text(payload, names[event]) if event in names else None

    return kind


def boolean(fields: Json, key: str) -> bool | None:
    """True or false, else None."""
    value = fields.get(key)
    return value if isinstance(value, bool) else None


def positive(fields: Json, key: str) -> int | None:
    """A whole number from 1, of at most 63 bits, else None."""
    value = fields.get(key)
    return value if value and is_whole(value) else None


def process_id(fields: Json, key: str) -> int | None:
    """A pid: a whole number from 1 that fits pid_t (32 bits), else None."""
    value = positive(fields, key)
    return value if value is not None and value < 2**31 else None


def prompt_line(value: str | None) -> str | None:
    """The beginning of a text as one line of at most PROMPT_LENGTH characters; None for none."""
    return " ".join(value.split())[:PROMPT_LENGTH] or None if value else None
