"""The requests to a fake API and their answers, which tests await, hold and release."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from testing.e2e.moment import PATIENCE, Moment


@dataclass
class Exchange:
    """One request and its answer."""

    scenario: str
    asked: Moment
    answered: Moment | None = None
    _released: threading.Event = field(default_factory=threading.Event)
    _finished: threading.Event = field(default_factory=threading.Event)

    def release(self) -> Moment:
        """Continues a held answer; returns the moment before."""
        now = Moment.now()
        self._released.set()
        return now

    def wait_answered(self, timeout: float = PATIENCE) -> Moment:
        """Waits until the answer is sent; returns the moment of its last byte."""
        if not self._finished.wait(timeout) or self.answered is None:
            raise AssertionError(f"{self.scenario} was not answered in {timeout} s")
        return self.answered

    def wait_released(self) -> None:
        self._released.wait()

    def finish(self, *, whole: bool) -> None:
        self.answered = Moment.now() if whole else None
        self._finished.set()


class Exchanges:
    """The requests to a fake API, which tests await, hold and release."""

    def __init__(self, held: Collection[str]) -> None:
        self._changed = threading.Condition()
        self._exchanges: list[Exchange] = []
        self._taken: list[Exchange] = []
        self._always_held = frozenset(held)
        self._held = set(held)

    def take(self, scenario: str, timeout: float = PATIENCE) -> Exchange:
        """Waits for a request of that scenario; returns the oldest one not taken yet."""
        with self._changed:
            deadline = time.monotonic() + timeout
            while True:
                for exchange in self._exchanges:
                    if exchange.scenario == scenario:
                        self._exchanges.remove(exchange)
                        self._taken.append(exchange)
                        return exchange
                if not self._changed.wait(deadline - time.monotonic()):
                    seen = [e.scenario for e in self._exchanges]
                    raise AssertionError(f"no request for {scenario} in {timeout} s, only {seen}")

    def hold(self, scenario: str) -> None:
        """Holds the answers of that scenario too, from now on."""
        self._held.add(scenario)

    def forget(self) -> None:
        """Releases all held answers and removes all requests, for the next test."""
        self._held = set(self._always_held)
        with self._changed:
            for exchange in self._exchanges + self._taken:
                exchange.release()
            self._exchanges.clear()
            self._taken.clear()

    @contextmanager
    def exchange(self, scenario: str) -> Iterator[Exchange]:
        """One request, for the handler: take() returns it; a held one waits for release()."""
        exchange = Exchange(scenario, Moment.now())
        if scenario not in self._held:
            exchange.release()
        with self._changed:
            self._exchanges.append(exchange)
            self._changed.notify_all()
        whole = False
        try:
            yield exchange
            whole = True
        finally:
            exchange.finish(whole=whole)
