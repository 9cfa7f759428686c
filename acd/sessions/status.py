"""The four statuses, their order, and the table of the transitions between them.

A transition that is absent from the table is illegal. docs/states.md is generated from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from acd.sessions.values import Json

Status = Literal["working", "attention", "question", "closed"]

WORKING: Final = "working"
"""The agent runs."""
ATTENTION: Final = "attention"
"""Its turn ended or failed: the user's move."""
QUESTION: Final = "question"
"""It is blocked in mid-turn on the user's answer."""
CLOSED: Final = "closed"
"""It ended."""

STATUSES: Final[dict[str, Status]] = {
    "question": QUESTION,
    "attention": ATTENTION,
    "working": WORKING,
    "closed": CLOSED,
}
"""Every status by its name on the wire, those that need the user first."""

RANK: Final = {status: rank for rank, status in enumerate(STATUSES.values())}
"""The order of STATUSES as a sort key."""

NEEDS_YOU: Final = (QUESTION, ATTENTION)
"""The statuses in which it is the user's move."""

_ANY: Final = frozenset(STATUSES.values())

TRANSITIONS: Final[dict[Status | None, frozenset[Status]]] = {
    None: _ANY,  # the first SET or event creates the session
    WORKING: _ANY,
    ATTENTION: _ANY,
    QUESTION: _ANY,
    CLOSED: frozenset({CLOSED}),
}
"""A status (None: no session yet) to the statuses that a SET or a hook may set."""

REVIVALS: Final[dict[Status, Status]] = {CLOSED: WORKING}
"""What a closed session becomes when RESURRECT or its agent's own resume reopens it."""


def by_need(sessions: Iterable[Json]) -> list[Json]:
    """The sessions (as in LIST) sorted by status, the most urgent first, then by `since`."""
    return sorted(sessions, key=lambda each: (RANK[each["status"]], each["since"], each["id"]))
