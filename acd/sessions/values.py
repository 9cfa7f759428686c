"""Plain values of sessions: JSON objects, times, ids, and their limits."""

from typing import Any, Final, NamedTuple

ID_LENGTH: Final = 128
"""The most characters of a session's id."""
PROMPT_LENGTH: Final = 200
"""Characters of a prompt that are kept."""
EVIDENCE_LENGTH: Final = 20
"""Entries of each session's evidence log, the newest ones."""

Json = dict[str, Any]

NS: Final = 1_000_000_000
"""Nanoseconds in a second. Times in memory are whole nanoseconds: exact, and cheap to write."""


def is_session_id(value: str) -> bool:
    """Whether the value is a valid session id: printable characters without whitespace."""
    return 0 < len(value) <= ID_LENGTH and value.isprintable() and " " not in value


def is_whole(value: Any) -> bool:
    """Whether the value is a whole number from 0 in 63 bits: a count, a pid or a time."""
    return type(value) is int and 0 <= value < 2**63


class Refused(Exception):
    """A refused request; the text is the reply after `ERR `."""


class Now(NamedTuple):
    """A moment on two clocks, in nanoseconds."""

    wall: int
    """Unix time, for display."""
    boot: int
    """A clock that neither jumps nor stops in suspend, for durations."""
