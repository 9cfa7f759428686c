"""The 99th percentile of a SET's round trip while 100 subscribers read.

Client and server run on one core, the subscribers on the other.
"""

from __future__ import annotations

from checks.bench.measurement import Bound, Measurement, compare
from checks.bench.rig import alternate, bare, daemon, on_core, peers, round_trips, set_lines

SUBSCRIBERS = "100"


def measure(*, quick: bool = False) -> Measurement:
    """The percentile and that of a server that writes each line to 100 connections."""
    with (
        on_core(),
        daemon() as server,
        bare("broadcast") as other,
        peers(server, "read", SUBSCRIBERS, "SUBSCRIBE"),
        peers(other, "read", SUBSCRIBERS),
        server.connect() as sock,
        other.connect() as its,
    ):
        lines = set_lines()
        samples = alternate(
            lambda: round_trips(sock, lines, 500),
            lambda: round_trips(its, lines, 500),
            batches=5 if quick else 20,
        )
    return compare("SET p99, 100 subscribers", samples, percentile=99, bound=Bound(1e-3, of="ours"))
