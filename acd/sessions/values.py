"""The plain values that sessions are made of: JSON objects, times, ids and their limits."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

DEFAULT_AGENT: Final = "claude-code"
ID_LENGTH: Final = 128
"""Characters of a session's id."""
PROMPT_LENGTH: Final = 200
"""Characters of a prompt that are kept."""
TRAIL_LENGTH: Final = 20
"""Pieces of evidence that are remembered for each session."""

Json = dict[str, Any]


NS: Final = 1_000_000_000
"""Nanoseconds in a second. Inside, times are whole nanoseconds: exact, and cheap to write."""


def is_session_id(value: str) -> bool:
    """Whether it can be a session's id: printable characters without whitespace."""
    return 0 < len(value) <= ID_LENGTH and value.isprintable() and " " not in value


def is_whole(value: Any) -> bool:
    """Whether it can be a count, a pid or a time: a whole number from 0, in 63 bits."""
    return type(value) is int and 0 <= value < 2**63


class Now(NamedTuple):
    """A moment on two clocks, in nanoseconds."""

    wall: int
    """Unix time, for showing."""
    boot: int
    """A clock that neither jumps nor stops in suspend, for durations."""
