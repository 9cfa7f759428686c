"""The share of the journal in a SET: a change is written before its reply.

Two daemons: the real one with its journal on a tmpfs, and one whose journal
drops every record. Client and server on one core.
"""

from __future__ import annotations

import sys

from checks.bench.measurement import Measurement, compare
from checks.bench.rig import alternate, daemon, on_core, round_trips, set_lines

_FORGETFUL = """
import sys
from acd.daemon.journal import Journal
Journal.append = lambda self, records, now: None
from acd.__main__ import main
sys.argv = ["acd", "daemon"]
sys.exit(main())
"""


def measure(*, quick: bool = False) -> Measurement:
    """The median round trip with the journal and without."""
    without = (sys.executable, "-I", "-c", _FORGETFUL)
    with (
        on_core(),
        daemon() as server,
        daemon(command=without) as other,
        server.connect() as sock,
        other.connect() as its,
    ):
        lines = set_lines()
        samples = alternate(
            lambda: round_trips(sock, lines, 250),
            lambda: round_trips(its, lines, 250),
            batches=20 if quick else 80,
        )
    return compare("SET with / without the journal", samples, bound=None)
