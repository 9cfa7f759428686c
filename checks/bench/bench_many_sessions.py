"""A SET's round trip with 100,000 sessions in the store, beside one with 10.

Two daemons; client and server on one core. The sessions are spread over the store, so
that its memory is not in the CPU's caches; the metadata are the same ten.
"""

from __future__ import annotations

import time
from itertools import cycle, islice

from checks.bench.measurement import Bound, Measurement, compare
from checks.bench.rig import Served, alternate, daemon, on_core, pipelined, round_trips, set_lines

SESSIONS = 100_000
CONFIG = f"[limits]\nmax_sessions = {2 * SESSIONS}\n"


TOUCHED = 10_000


def _fill(server: Served, lines: list[bytes]) -> None:
    with server.connect() as sock:
        pipelined(sock, b"".join(lines))
    assert server.home is not None
    # Waits for the end of the journal's compaction, which is not measured here.
    rewritten = server.home.journal.with_name(server.home.journal.name + ".new")
    while rewritten.exists():
        time.sleep(0.01)


def measure(*, quick: bool = False) -> Measurement:
    """The median round trip and that of a small store."""
    lines = list(islice(set_lines(SESSIONS, projects=10), 2 * SESSIONS))
    everywhere = cycle(
        lines[SESSIONS :: SESSIONS // TOUCHED] + lines[: SESSIONS : SESSIONS // TOUCHED]
    )
    few = set_lines()
    with on_core(), daemon(CONFIG) as large, daemon(CONFIG) as small:
        _fill(large, lines[:SESSIONS])
        with large.connect() as sock, small.connect() as its:
            samples = alternate(
                lambda: round_trips(sock, everywhere, 250),
                lambda: round_trips(its, few, 250),
                batches=20 if quick else 80,
            )
    return compare("SET, 100,000 sessions / 10", samples, bound=Bound(1.1))
