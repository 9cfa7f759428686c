"""Points in time, and delays between them without the time of a busy CPU.

acd shows a change within half a second. On an overloaded machine the client or acd may
wait longer than that for a CPU. Linux counts the microseconds in which any task waits
for one (Documentation/accounting/psi.rst: `total` of the `some` line in
/proc/pressure/cpu); a delay is measured without them.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple, Self

PATIENCE = 30.0
"""Seconds until a wait fails that is not the subject of the test; enough on a busy machine."""

_PRESSURE = Path("/proc/pressure/cpu")


class Moment(NamedTuple):
    """In seconds: the monotonic clock, and the time in which a task waited for a CPU."""

    at: float
    waited: float

    @classmethod
    def now(cls) -> Self:
        return cls(time.monotonic(), _waited())

    def delay_until(self, later: Moment) -> float:
        """Seconds until a later moment, without those in which a task waited for a CPU."""
        return max(0.0, later.at - self.at - (later.waited - self.waited))


def _waited() -> float:
    try:
        some = _PRESSURE.read_text().splitlines()[0]
    except OSError:  # a kernel without pressure accounting
        return 0.0
    return int(some.rpartition("total=")[2]) / 1e6
