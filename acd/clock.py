"""The two clocks of a moment, read in one place.

Durations need a clock that neither jumps with NTP nor stops in suspend:
CLOCK_BOOTTIME on Linux (clock_gettime(2)). On macOS CLOCK_MONOTONIC counts
the time asleep (clock_gettime(3) there), so it serves.
"""

from __future__ import annotations

import sys
import time

from acd.core.session import Now

BOOT_CLOCK = time.CLOCK_BOOTTIME if sys.platform == "linux" else time.CLOCK_MONOTONIC

_new = tuple.__new__


def now() -> Now:
    """This moment."""
    # A named tuple's own constructor takes longer than both clocks.
    return _new(Now, (time.time_ns(), time.clock_gettime_ns(BOOT_CLOCK)))
