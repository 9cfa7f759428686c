"""The memory of the daemon after its idle stop: no process is left.

tests/daemon tests that the next line starts a daemon with the same state.
"""

from __future__ import annotations

import os
import select
from pathlib import Path

from checks.bench.measurement import Bound, Measurement
from checks.bench.rig import daemon

CONFIG = "[daemon]\nidle_timeout_minutes = 0.002\n"


def measure(*, quick: bool = False) -> Measurement:
    """Resident bytes of the daemon after its idle stop."""
    with daemon(CONFIG) as server:
        ended = os.pidfd_open(server.pid)
        try:
            with server.connect() as sock:
                sock.send(b"SET session-1 working\n")
                assert sock.recv(100) == b"OK\n"
            there, _, _ = select.select([ended], [], [], 30)
            assert there, "the daemon has not stopped in 30 s"
        finally:
            os.close(ended)
        # A zombie until its parent reads the exit status; it has no memory.
        left = Path(f"/proc/{server.pid}/statm").read_text().split()
        return Measurement("after the idle stop", "B", float(left[1]), bound=Bound(0, of="ours"))
