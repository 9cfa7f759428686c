"""Reads and raises the resource limits and the memory of this process."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path


def resident_bytes() -> int:
    """The resident memory of this process; on macOS its maximum so far (getrusage(2))."""
    if sys.platform == "linux":
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
        return int(pages) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def raise_file_limit(wanted: int) -> int:
    """Raises the soft limit of open files to `wanted` where allowed (setrlimit(2)).

    Returns the soft limit, or `wanted` where there is none.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft
