"""Fields of a payload from a program that changes: a wrong type is a missing field.

Responsible for reading JSON objects defensively; nothing here raises. It
refuses to know which fields an agent sends.
"""

from __future__ import annotations

import json
from binascii import crc32
from collections.abc import Callable, Mapping
from typing import Final

from acd.sessions.metadata import is_text
from acd.sessions.values import PROMPT_LENGTH, Json, is_whole

FIELD_LENGTH: Final = 4096
"""Characters of a field that is a name or a path (Linux's PATH_MAX); a longer one is no such."""
NAME_LENGTH: Final = 128
"""Characters of a name or an id; many of them are kept, so they are kept short."""
HINT_LENGTH: Final = 512
"""Characters of what leads to a terminal, as the hook bounds it too."""
MAX_TEXT: Final = 1 << 20
"""Characters of a text of which the beginning is kept."""


def text(fields: Json, key: str, limit: int = FIELD_LENGTH) -> str | None:
    """A string that is neither empty nor too long, and can be encoded."""
    value = fields.get(key)
    if isinstance(value, str) and 0 < len(value) <= limit and is_text(value):
        return value
    return None


def short_text(fields: Json, key: str) -> str | None:
    """A string that names something."""
    return text(fields, key, NAME_LENGTH)


def long_text(fields: Json, key: str) -> str | None:
    """A string of which only the beginning is wanted."""
    return text(fields, key, MAX_TEXT)


def by_field(names: Mapping[str, str]) -> Callable[[str, Json], str | None]:
    """A function (event, payload) to its kind, where one field of each event tells it."""

    def kind(event: str, payload: Json) -> str | None:
        return text(payload, names[event]) if event in names else None

    return kind


def boolean(fields: Json, key: str) -> bool | None:
    """True or false."""
    value = fields.get(key)
    return value if isinstance(value, bool) else None


def positive(fields: Json, key: str) -> int | None:
    """A whole number above 0, of at most 63 bits."""
    value = fields.get(key)
    return value if value and is_whole(value) else None


def process_id(fields: Json, key: str) -> int | None:
    """A pid: a whole number above 0 that the kernel's calls take (pid_t, 32 bits)."""
    value = positive(fields, key)
    return value if value is not None and value < 2**31 else None


def one_line(said: str | None) -> str | None:
    """The beginning of a text, in one line of at most PROMPT_LENGTH characters."""
    return " ".join(said.split())[:PROMPT_LENGTH] or None if said else None


def call_digest(payload: Json) -> int | None:
    """What a tool is used for, as a checksum; None where no tool and its input are named.

    Equal for a call and for the request to permit it, which may describe it in
    other words (Codex, measured).
    """
    tool, given = text(payload, "tool_name"), payload.get("tool_input")
    if tool is None or not isinstance(given, dict):
        return None
    input_ = {key: value for key, value in given.items() if key != "description"}
    try:
        return crc32(json.dumps([tool, input_], sort_keys=True).encode())
    except RecursionError:
        return None


def tool_question(payload: Json) -> str:
    """A tool and what it is about, `Bash: touch x`; or the question that it asks."""
    tool = text(payload, "tool_name") or "?"
    given = payload.get("tool_input")
    if not isinstance(given, dict):
        return tool
    match given.get("questions"):
        case [{"question": str() as question}, *_] if is_text(question):
            return question
    about = (
        long_text(given, key) for key in ("command", "file_path", "url", "plan", "description")
    )
    detail = next(filter(None, about), None)
    return f"{tool}: {detail}" if detail else tool
