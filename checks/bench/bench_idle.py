"""Nobody there: after the idle stop there is no process, and the state waits.

The next line starts a daemon that knows it; that is a test's matter
(tests/daemon), here only what is left running is counted.
"""

from __future__ import annotations

import os
import select
from pathlib import Path

from checks.bench.rig import daemon
from checks.bench.row import Bound, Row

CONFIG = "[daemon]\nidle_timeout_minutes = 0.002\n"


def measure(*, quick: bool = False) -> Row:
    """Resident bytes of the daemon after its idle stop: of no process, that is."""
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
        # Its parent has not asked for its exit code: what is left is that.
        left = Path(f"/proc/{server.pid}/statm").read_text().split()
        return Row("nobody there", "B", float(left[1]), bound=Bound(0, of="ours"))
