"""A real X server without a display (Xvfb)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from testing.support import WAIT

IS_THERE = shutil.which("Xvfb") is not None


@contextmanager
def screen(size: str = "640x480") -> Iterator[str]:
    """Runs an X server and yields the name of its display."""
    reads, writes = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writes), "-screen", "0", f"{size}x24"],
        pass_fds=(writes,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writes)
    try:
        with os.fdopen(reads) as output:
            yield f":{output.readline().strip()}"
    finally:
        process.kill()
        process.wait(WAIT)
