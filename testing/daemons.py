"""Daemons that serve one listener, one after the other, as a service manager's do."""

from __future__ import annotations

import signal
import socket
from types import TracebackType
from typing import Self

from testing.forks import Fork, forks
from testing.support import Place


class Child:
    """One of them."""

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


class Nursery:
    """Starts them. What is sent to the listener meanwhile is served by the next one.

    `small` is a bound in bytes up to which a journal is not written anew, in
    place of a megabyte.
    """

    def __init__(self, place: Place, listener: socket.socket, small: int | None = None):
        self.log = place.root / "nursery.log"
        """What they all write to their standard error."""
        self._place = place
        self._listener = listener
        self._small = small
        self._started: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self._started:
            child.kill()

    def start(self) -> Child:
        """Starts one; it serves as soon as it is ready."""
        with self.log.open("ab") as log:
            process = forks().start(
                {**self._place.environ, "LISTEN_FDNAMES": "acd"},
                self._place.root,
                log.fileno(),
                [self._listener.fileno()],
                self._small,
            )
        child = Child(process)
        self._started = [*self._started[-3:], child]
        return child
