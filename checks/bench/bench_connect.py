"""A connection with one SET, its reply and close(); client and server on one core."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

from checks.bench.measurement import Bound, Measurement, compare
from checks.bench.rig import Served, alternate, bare, daemon, on_core, set_lines


def connections(server: Served, lines: Iterator[bytes], count: int) -> list[float]:
    """Seconds from before connect() until after close(), of each of `count` connections."""
    times = []
    clock = time.perf_counter
    for line in islice(lines, count):
        begin = clock()
        sock = server.connect()
        sock.send(line)
        reply = sock.recv(100)
        sock.close()
        times.append(clock() - begin)
        assert reply == b"OK\n", reply
    return times


def measure(*, quick: bool = False) -> Measurement:
    """The median, beside the bare server's."""
    with on_core(), daemon() as server, bare() as other:
        lines = set_lines()
        samples = alternate(
            lambda: connections(server, lines, 150),
            lambda: connections(other, lines, 150),
            batches=20 if quick else 80,
        )
    return compare("connect, SET, close", samples, bound=Bound(1.25))
