"""From a SET until all of 1,000 subscribers have it; clients and server on one core.

The counterpart writes one line to 1,000 connections. The same client, with one epoll,
reads both.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Iterator
from itertools import cycle

from checks.bench.measurement import Bound, Measurement, compare
from checks.bench.rig import Served, allow_files, alternate, bare, daemon, on_core

SUBSCRIBERS = 1_000


class ReadingClients:
    """The subscribers, and the connection that sends."""

    def __init__(self, server: Served, lines: list[bytes], *, subscribe: bool):
        self._lines = cycle(lines)
        self._sender = server.connect()
        self._readers = [server.connect() for _ in range(SUBSCRIBERS)]
        self._poll = select.epoll()
        for reader in self._readers:
            if subscribe:
                reader.sendall(b"SUBSCRIBE\n")
                assert reader.recv(1 << 16).startswith(b"STATE ")
            self._poll.register(reader, select.EPOLLIN)

    def close(self) -> None:
        self._poll.close()
        for sock in (self._sender, *self._readers):
            sock.close()

    def push(self, count: int) -> list[float]:
        """Seconds from each line until all subscribers have it."""
        return [self._push_once() for _ in range(count)]

    def _push_once(self) -> float:
        waiting = SUBSCRIBERS
        begin = time.perf_counter()
        self._sender.send(next(self._lines))
        while waiting:
            for fd, _ in self._poll.poll():
                read = os.read(fd, 1 << 16)
                assert read.endswith(b"\n"), read
                waiting -= read.count(b"\n")
        seconds = time.perf_counter() - begin
        assert self._sender.recv(100) == b"OK\n"
        return seconds


@contextlib.contextmanager
def reading_clients(
    server: Served, lines: list[bytes], *, subscribe: bool
) -> Iterator[ReadingClients]:
    """Connects and subscribes; closes all connections at the end."""
    gathered = ReadingClients(server, lines, subscribe=subscribe)
    try:
        yield gathered
    finally:
        gathered.close()


def measure(*, quick: bool = False) -> Measurement:
    """The median time and the bare server's."""
    allow_files(SUBSCRIBERS * 2 + 100)
    sets = [b"SET session-1 working\n", b"SET session-1 attention\n"]
    pushes = [b"UPDATE session-1 working 0\n", b"UPDATE session-1 attention 0\n"]
    with (
        on_core(),
        daemon() as server,
        bare("broadcast") as other,
        reading_clients(server, sets, subscribe=True) as ours,
        reading_clients(other, pushes, subscribe=False) as its,
    ):
        samples = alternate(
            lambda: ours.push(10), lambda: its.push(10), batches=10 if quick else 40
        )
    return compare("SET to all of 1,000 subscribers", samples, bound=Bound(1.25))
