"""LIST of 1,000 sessions, until its last byte is read; client and server on one core.

The counterpart is `json.dumps` of the same data by a bare server, and its transfer.
"""

from __future__ import annotations

import socket
import tempfile
import time
from itertools import islice

from checks.bench.measurement import Bound, Measurement, compare
from checks.bench.rig import TMPFS, alternate, bare, daemon, on_core, pipelined, set_lines

SESSIONS = 1_000


def _listed(sock: socket.socket) -> bytes:
    sock.send(b"LIST\n")
    parts = [sock.recv(1 << 20)]
    while not parts[-1].endswith(b"\n"):
        parts.append(sock.recv(1 << 20))
    return b"".join(parts)


def _times(sock: socket.socket, count: int) -> list[float]:
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        _listed(sock)
        times.append(time.perf_counter() - begin)
    return times


def measure(*, quick: bool = False) -> Measurement:
    """The median time and the bare server's."""
    with (
        on_core(),
        daemon() as server,
        server.connect() as sock,
        tempfile.NamedTemporaryFile(dir=TMPFS) as file,
    ):
        pipelined(sock, b"".join(islice(set_lines(SESSIONS), SESSIONS)))
        file.write(_listed(sock).removeprefix(b"STATE "))
        file.flush()
        with bare("list", file.name) as other, other.connect() as its:
            samples = alternate(
                lambda: _times(sock, 5), lambda: _times(its, 5), batches=10 if quick else 40
            )
    return compare("LIST of 1,000 sessions", samples, bound=Bound(2))
