"""How a lost daemon is followed again: at once, then ever less eagerly."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from acd.client import follow as following
from acd.client.blocking import ConnectionLost
from acd.client.follow import follow
from acd.errors import DaemonRefused, DaemonUnreachable
from acd.protocol import Message, State
from testing.support import Place


class Clock:
    """A clock that moves by sleeping alone, and remembers for how long."""

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
    monkeypatch.setattr(following, "time", made)
    return made


def lose(clock: Clock, monkeypatch: pytest.MonkeyPatch, *lasted: float) -> None:
    """Connections that are lost after so many seconds each; then one that ends in order."""
    lengths = iter(lasted)

    def subscription(*_: object) -> Iterator[Message]:
        yield State([])
        length = next(lengths, None)
        if length is not None:
            clock.now += length
            raise ConnectionLost

    monkeypatch.setattr(following, "_subscription", subscription)


def test_a_daemon_that_stopped_is_followed_again_at_once(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(clock, monkeypatch, 60.0, 0.1)
    assert len(list(follow({}))) == 3
    assert clock.slept == [0.0, 0.2]


def test_a_daemon_that_fails_at_each_start_is_asked_every_two_seconds_at_most(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(clock, monkeypatch, *[0.0] * 8)
    list(follow({}))
    assert clock.slept == [0.0, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]


def test_one_that_held_for_a_while_is_trusted_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(clock, monkeypatch, 0.0, 0.0, 0.0, 60.0, 0.0)
    list(follow({}))
    assert clock.slept == [0.0, 0.2, 0.4, 0.0, 0.2]


def test_the_deadline_ends_the_wait_for_a_daemon_too(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(clock, monkeypatch, *[0.0] * 100)
    list(follow({}, deadline=5.0))
    assert clock.now == pytest.approx(5.0)


def test_a_daemon_that_never_tells_anything_is_given_up(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def subscription(*_: object) -> Iterator[Message]:
        raise ConnectionLost
        yield

    monkeypatch.setattr(following, "_subscription", subscription)
    with pytest.raises(DaemonUnreachable, match="it ends each connection"):
        list(follow({"ACD_SOCKET": "/nowhere"}))


def test_a_refused_subscription_is_an_error(alone: Place) -> None:
    alone.configure("[limits]\nmax_connections = 1\n")
    alone.start()
    with alone.client() as client:
        client.ask("PING")
        with pytest.raises(DaemonRefused, match="too many connections"):
            list(follow(alone.environ))


def test_a_follower_sees_the_picture_first_and_ends_at_its_deadline(served: Place) -> None:
    served.ask("SET one working")
    [(picture, differences)] = follow(served.environ, deadline=time.monotonic() + 0.05)
    assert picture.sessions["one"]["status"] == "working"
    assert differences == []
