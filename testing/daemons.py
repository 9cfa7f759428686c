"""Daemons that serve one listener in turn, as those of a service manager do."""

from __future__ import annotations

import signal
import socket

from testing.closing import Closing
from testing.forks import Fork, forks
from testing.support import DaemonHome


class ForkedDaemon:
    """One daemon of `Daemons`."""

    def __init__(self, process: Fork):
        self._process = process

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> None:
        """Waits for its end."""
        self._process.wait()

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self.end()


class Daemons(Closing):
    """Starts daemons with one listener. Requests between two daemons wait in its backlog.

    `compact_min` replaces the journal's COMPACT_MIN.
    """

    def __init__(self, home: DaemonHome, listener: socket.socket, compact_min: int | None = None):
        self.log = home.root / "daemons.log"
        """The standard error of all of them."""
        self._home = home
        self._listener = listener
        self._compact_min = compact_min
        self._started: list[ForkedDaemon] = []

    def close(self) -> None:
        """Kills the daemons that still run."""
        for daemon in self._started:
            daemon.kill()

    def start(self) -> ForkedDaemon:
        """Starts one, and does not wait until it serves."""
        with self.log.open("ab") as log:
            process = forks().start(
                {**self._home.environ, "LISTEN_FDNAMES": "acd"},
                self._home.root,
                log.fileno(),
                [self._listener.fileno()],
                self._compact_min,
            )
        daemon = ForkedDaemon(process)
        self._started = [*self._started[-3:], daemon]
        return daemon
