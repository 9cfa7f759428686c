"""A daemon in this process, on a clock that the test advances: hours take milliseconds.

Its peers are those of testing/peer.py; the socket is only bound.
"""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from unittest.mock import patch

from acd.config import Config
from acd.daemon.daemon import Daemon
from acd.sessions.values import NS, Now
from acd.system import activation, clock
from testing.closing import Closing
from testing.peer import START, Peer


class ManualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time changes only in `advance`."""

    def __init__(self) -> None:
        super().__init__()
        self._seconds = 0.0

    def time(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Sets the time forward, and runs what is due then."""
        self._seconds += seconds
        # One iteration of the loop calls every timer that is due.
        self.run_until_complete(asyncio.sleep(0))


class InProcessDaemon(Closing):
    """One running daemon at the socket `path`, and its clock, which `began` sets."""

    def __init__(self, path: Path, config: Config, began: Now = START):
        self._began = began
        self._loop = ManualLoop()
        self._sock, self._other_end = socket.socketpair()
        self._peers: list[Peer] = []
        self._clock = patch.object(clock, "now", self.now)
        self._clock.start()
        self._daemon = self._loop.run_until_complete(self._start(path, config))
        self._served = self._loop.create_task(self._daemon.serve())

    async def _start(self, path: Path, config: Config) -> Daemon:
        daemon = Daemon(activation.bind(path), config, path.with_name("config.toml"))
        await daemon.startup()
        return daemon

    def close(self) -> None:
        """Stops it in order."""
        for peer in self._peers:
            peer.close()
        self._daemon.stop("the test ends")
        self._loop.run_until_complete(self._daemon.shutdown())
        self._loop.run_until_complete(self._served)
        self._loop.close()
        self._clock.stop()
        self._sock.close()
        self._other_end.close()

    def now(self) -> Now:
        passed = round(self._loop.time() * NS)
        return Now(self._began.wall + passed, self._began.boot + passed)

    def advance(self, seconds: float) -> None:
        """Sets the clock forward; the timers that are due then have fired on return."""
        self._loop.advance(seconds)

    @property
    def has_stopped(self) -> bool:
        """Whether it has begun to stop by itself."""
        return self._served.done()

    def peer(self) -> Peer:
        """A new connection."""
        peer = Peer(self._daemon.server, self._sock)
        self._peers.append(peer)
        return peer

    def ask(self, *requests: str) -> list[str]:
        """The replies to requests on a new connection, which is closed."""
        peer = Peer(self._daemon.server, self._sock)
        replies = peer.ask(*requests)
        peer.close()
        return replies
