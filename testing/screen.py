"""A real X server whose screen nobody sees."""

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
    """Its display's name; it is gone afterwards."""
    reads, writes = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writes), "-screen", "0", f"{size}x24"],
        pass_fds=(writes,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writes)
    try:
        with os.fdopen(reads) as told:
            yield f":{told.readline().strip()}"
    finally:
        process.kill()
        process.wait(WAIT)
