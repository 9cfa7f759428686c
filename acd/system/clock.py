"""The two clocks of a moment, and the run of the machine that one of them counts from.

Durations need a clock that neither jumps with NTP nor stops in suspend:
CLOCK_BOOTTIME on Linux (clock_gettime(2)). On macOS CLOCK_MONOTONIC counts
the time asleep (clock_gettime(3) there), so it serves.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from acd.sessions.values import Now

BOOT_CLOCK = time.CLOCK_BOOTTIME if sys.platform == "linux" else time.CLOCK_MONOTONIC

_new = tuple.__new__


def now() -> Now:
    """This moment."""
    # A named tuple's own constructor takes longer than both clocks.
    return _new(Now, (time.time_ns(), time.clock_gettime_ns(BOOT_CLOCK)))


def boot_id() -> str:
    """Names this run of the machine: what is older than it is forgotten."""
    if sys.platform == "linux":
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    import subprocess  # 5 ms, and not on Linux

    command = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=True)  # noqa: S603 - a constant
    return done.stdout.strip()
