"""The delays between tries."""

from __future__ import annotations

from acd.client.session import RECONNECT_DELAYS
from acd.system.backoff import Backoff


def test_delays_double_up_to_the_longest() -> None:
    backoff = Backoff(1.0, 60.0)
    assert [backoff.next_delay() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_lost_connection_is_made_again_at_once_and_then_ever_later() -> None:
    backoff = Backoff(*RECONNECT_DELAYS, at_once=True)
    assert [backoff.next_delay() for _ in range(7)] == [0, 0.2, 0.4, 0.8, 1.6, 2, 2]


def test_after_a_success_that_lasted_the_delays_begin_again() -> None:
    backoff = Backoff(*RECONNECT_DELAYS, at_once=True)
    delays = [backoff.next_delay(lasted) for lasted in (0, 2.0, 2.1, 0)]
    assert delays == [0, 0.2, 0, 0.2]
