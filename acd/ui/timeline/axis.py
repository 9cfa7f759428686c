"""The ticks of a timeline's axis: round times of the local day."""

from __future__ import annotations

import time
from typing import Final

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_STEPS: Final = (
    *(_MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR),
    *(_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 91 * _DAY),
)


def ticks(since: float, until: float, limit: int) -> list[tuple[float, str]]:
    """At most `limit` round times between two times (unix seconds), each with its label."""
    step = next((step for step in _STEPS if (until - since) / step <= limit), None)
    if step is None:
        return []
    day = time.localtime(since)[:3]
    midnight = time.mktime((*day, 0, 0, 0, 0, 0, -1))
    first = int((since - midnight) // step) + 1
    form = "%H:%M" if step < _DAY else "%b %d"
    times = [midnight + step * number for number in range(first, first + limit)]
    return [(at, time.strftime(form, time.localtime(at))) for at in times if at < until]
