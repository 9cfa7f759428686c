"""The memory of 100 sessions with 10 transitions each, in Python objects and in the daemon.

The counterpart of the daemon's resident memory is the bare server's after the same lines.
"""

from __future__ import annotations

import tracemalloc
from itertools import islice

from acd.agents.catalog import DEFAULT
from acd.sessions.metadata import parse_metadata
from acd.sessions.status import STATUSES
from acd.sessions.store import Store
from acd.sessions.values import NS, Now
from checks.bench.measurement import Bound, Measurement, compare
from checks.bench.rig import Served, alternate, bare, daemon, pipelined, set_lines

SESSIONS = 100
SETS = 11  # the first one creates the session, each other one is a transition


def _lines() -> list[bytes]:
    return list(islice(set_lines(SESSIONS), SESSIONS * SETS))


def traced_bytes() -> int:
    """The store's bytes after these lines, as tracemalloc counts them."""
    requests = [line.decode().split() for line in _lines()]
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    store = Store(DEFAULT.name)
    for second, (_, session, status, metadata) in enumerate(requests):
        now = Now(1_800_000_000 * NS + second, second * NS)
        store.set(session, STATUSES[status], parse_metadata(metadata), now)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert all(len(session.history or ()) == SETS - 1 for session in store.list_all())
    return after - before


def measure_python(*, quick: bool = False) -> Measurement:
    """Bytes of Python objects."""
    return Measurement(
        "100 sessions, 10 transitions", "B", traced_bytes(), bound=Bound(1e6, of="ours")
    )


def _loaded(server: Served) -> list[float]:
    with server.connect() as sock:
        pipelined(sock, b"".join(_lines()))
        return [float(server.rss())]


def _daemon_rss() -> list[float]:
    with daemon() as server:
        return _loaded(server)


def _bare_rss() -> list[float]:
    with bare() as server:
        return _loaded(server)


def measure_rss(*, quick: bool = False) -> Measurement:
    """Resident bytes and the bare server's."""
    samples = alternate(_daemon_rss, _bare_rss, batches=3 if quick else 7, warm_up=0)
    return compare("the daemon's memory with these", samples, bound=Bound(1.2), unit="B")
