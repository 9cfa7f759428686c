"""A client's round trip beside a client that floods the daemon, and without it.

The flood is SETs, pipelined on one connection without a pause; it is stopped between the
batches. The server runs on one core, the clients on the other.
"""

from __future__ import annotations

import os
import signal

from checks.bench.measurement import Measurement, compare
from checks.bench.rig import OTHER, alternate, daemon, on_core, peers, round_trips, set_lines


def measure(*, quick: bool = False) -> Measurement:
    """The 99th percentile of a round trip with a flood and without."""
    with (
        on_core(),
        daemon() as server,
        on_core(OTHER),
        peers(server, "flood") as flood,
        server.connect() as sock,
    ):
        lines = set_lines()

        def flooded() -> list[float]:
            os.kill(flood, signal.SIGCONT)
            times = round_trips(sock, lines, 200)
            os.kill(flood, signal.SIGSTOP)
            return times

        def calm() -> list[float]:
            round_trips(sock, lines, 50)  # until the flood's lines in the queue are served
            return round_trips(sock, lines, 200)

        samples = alternate(flooded, calm, batches=5 if quick else 20)
    return compare("SET p99 beside a flood / without", samples, percentile=99, bound=None)
