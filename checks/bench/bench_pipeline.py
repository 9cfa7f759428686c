"""The time of a line of pipelined SETs on one connection; client and server on one core."""

from __future__ import annotations

from itertools import islice

from checks.bench.measurement import Bound, Measurement, compare
from checks.bench.rig import alternate, bare, daemon, on_core, pipelined, set_lines

LINES = 10_000


def measure(*, quick: bool = False) -> Measurement:
    """The time of a line and the bare server's."""
    block = b"".join(islice(set_lines(), LINES))
    with (
        on_core(),
        daemon() as server,
        bare() as other,
        server.connect() as sock,
        other.connect() as its,
    ):
        samples = alternate(
            lambda: [pipelined(sock, block) / LINES],
            lambda: [pipelined(its, block) / LINES],
            batches=10 if quick else 40,
        )
    return compare("pipelined SETs, a line", samples, bound=Bound(12))
