"""Points in time, and how much of the time between them the machine was there for everybody.

acd promises to be right within half a second. On a machine that has more to do
than it can, half a second may pass before the client or acd gets a CPU at all,
and that says nothing of either. The kernel counts for how long anybody had to
wait for one (Linux, Documentation/accounting/psi.rst: `total` of the `some`
line in /proc/pressure/cpu, microseconds); a delay is measured without that.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple, Self

PATIENCE = 30.0
"""Seconds to wait for what a test is not about: enough on a machine that has much to do."""

_PRESSURE = Path("/proc/pressure/cpu")


class Moment(NamedTuple):
    """Both in seconds: the monotonic clock, and the time somebody waited for a CPU until then."""

    at: float
    waited: float

    @classmethod
    def now(cls) -> Self:
        return cls(time.monotonic(), _waited())

    def delay_until(self, later: Moment) -> float:
        """Seconds from here to a later moment in which nobody had to wait for a CPU."""
        return max(0.0, later.at - self.at - (later.waited - self.waited))


def _waited() -> float:
    try:
        some = _PRESSURE.read_text().splitlines()[0]
    except OSError:  # a kernel without it, or one that has it switched off
        return 0.0
    return int(some.rpartition("total=")[2]) / 1e6
