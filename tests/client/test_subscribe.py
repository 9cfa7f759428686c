"""A subscriber that needs the daemon: when it connects again, and when it gives up."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from acd.client import subscription
from acd.client.blocking import ConnectionLost
from acd.client.mirror import SessionChange, SessionMirror
from acd.client.subscription import subscribe
from acd.errors import DaemonRefused, DaemonUnreachable
from acd.protocol import Snapshot, Subscribe
from testing.support import DaemonHome


class Clock:
    """A clock that only sleeping moves; it records the sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(subscription, "time", made)
    return made


def lose(clock: Clock, monkeypatch: pytest.MonkeyPatch, *lasted: float) -> None:
    """Connections that are lost after so many seconds each; then one that ends at the deadline."""
    lengths = iter(lasted)

    def connection(
        environ: object, request: Subscribe, mirror: SessionMirror, **_: object
    ) -> Iterator[list[SessionChange] | None]:
        assert not request.passive
        yield mirror.apply(Snapshot([]))
        length = next(lengths, None)
        if length is None:
            yield None
        else:
            clock.now += length
            raise ConnectionLost

    monkeypatch.setattr(subscription, "_subscription", connection)


def test_after_a_stop_it_connects_again_at_once(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(clock, monkeypatch, 60.0, 0.1)
    assert len(list(subscribe({}))) == 3
    assert clock.slept == [0.0, 0.2]


def test_a_daemon_that_fails_at_each_start_is_started_every_two_seconds_at_most(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(clock, monkeypatch, *[0.0] * 8)
    list(subscribe({}))
    assert clock.slept == [0.0, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]


def test_a_connection_that_lasted_resets_the_delay(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(clock, monkeypatch, 0.0, 0.0, 0.0, 60.0, 0.0)
    list(subscribe({}))
    assert clock.slept == [0.0, 0.2, 0.4, 0.0, 0.2]


def test_the_deadline_also_ends_the_wait_for_a_daemon(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(clock, monkeypatch, *[0.0] * 100)
    list(subscribe({}, deadline=5.0))
    assert clock.now == pytest.approx(5.0)


def test_a_daemon_that_never_sends_a_snapshot_is_an_error(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connection(*_: object, **__: object) -> Iterator[None]:
        raise ConnectionLost
        yield

    monkeypatch.setattr(subscription, "_subscription", connection)
    with pytest.raises(DaemonUnreachable, match="it ends each connection"):
        list(subscribe({"ACD_SOCKET": "/nowhere"}))


def test_a_refused_subscription_is_an_error(alone: DaemonHome) -> None:
    alone.configure("[limits]\nmax_connections = 1\n")
    alone.start()
    with alone.client() as client:
        client.ask("PING")
        with pytest.raises(DaemonRefused, match="too many connections"):
            list(subscribe(alone.environ))


def test_a_subscriber_gets_a_snapshot_first_and_ends_at_its_deadline(served: DaemonHome) -> None:
    served.ask("SET one working")
    [(mirror, changes)] = subscribe(served.environ, deadline=time.monotonic() + 0.05)
    assert mirror.sessions["one"]["status"] == "working"
    assert changes == []
