"""Timers of the daemon: the idle stop, and the removal of closed sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acd.config import Config, DaemonConfig, LimitsConfig, SessionsConfig
from acd.sessions.values import NS, Now
from testing.cli_runs import until
from testing.in_process_daemon import InProcessDaemon
from testing.strace import needs_strace, wakes_up
from testing.support import DaemonHome, DaemonProcess, LineClient, set_idle_timeout, subscriber

IDLE = 600.0
"""Seconds of the idle timeout in this process."""
RETENTION = 1800.0
"""Seconds for which a closed session is kept there."""
CONFIG = Config(
    daemon=DaemonConfig(idle_timeout_minutes=IDLE / 60, log_level="warning"),
    sessions=SessionsConfig(closed_session_retention_minutes=RETENTION / 60),
    limits=LimitsConfig(max_connections=16),  # leaves this process's limit of open files
)
SECOND = 1.0


@pytest.fixture
def path(home: DaemonHome) -> Path:
    """Where the socket of a daemon in this process is bound."""
    return home.socket


@pytest.fixture
def clocked(path: Path) -> Iterator[InProcessDaemon]:
    """A daemon whose clock the test advances."""
    with InProcessDaemon(path, CONFIG) as daemon:
        yield daemon


# The idle stop ------------------------------------------------------------------


def test_an_idle_stop_is_an_orderly_end(home: DaemonHome, daemon: DaemonProcess) -> None:
    assert home.ask("SET a working", "SET b question") == ["OK", "OK"]
    set_idle_timeout(home, daemon, 0.001)
    assert daemon.end() == 0
    assert "stopping: idle" in daemon.log()
    assert not home.socket.exists()


@pytest.mark.parametrize("words", [["passive"], ["json", "passive"]])
def test_an_idle_stop_closes_the_connections_of_passive_subscribers(
    home: DaemonHome, daemon: DaemonProcess, words: list[str]
) -> None:
    with subscriber(home, *words) as watcher:
        set_idle_timeout(home, daemon, 0.001)
        assert daemon.end() == 0
        assert watcher.rest() == []


def test_without_clients_it_stops_after_the_idle_timeout_and_not_before(
    clocked: InProcessDaemon,
) -> None:
    clocked.advance(IDLE - SECOND)
    assert not clocked.has_stopped
    clocked.advance(SECOND)
    assert clocked.has_stopped


def test_open_sessions_do_not_prevent_the_idle_stop(clocked: InProcessDaemon) -> None:
    clocked.ask("SET a working", "SET b question")
    clocked.advance(IDLE + SECOND)
    assert clocked.has_stopped


def assert_idle_timeout_begins_now(clocked: InProcessDaemon) -> None:
    clocked.advance(IDLE - SECOND)
    assert not clocked.has_stopped
    clocked.advance(2 * SECOND)
    assert clocked.has_stopped


def test_a_silent_connection_prevents_the_idle_stop(clocked: InProcessDaemon) -> None:
    silent = clocked.peer()
    clocked.advance(3 * IDLE)
    assert not clocked.has_stopped
    silent.close()
    assert_idle_timeout_begins_now(clocked)


def test_repeated_passive_subscriptions_do_not_prevent_the_idle_stop(
    clocked: InProcessDaemon,
) -> None:
    for _ in range(21):
        clocked.ask("SUBSCRIBE json passive")
        clocked.advance(IDLE / 20)
    assert clocked.has_stopped


def test_a_request_of_a_passive_subscriber_restarts_the_idle_timeout(
    clocked: InProcessDaemon,
) -> None:
    watcher = clocked.peer()
    assert watcher.ask("SUBSCRIBE passive") == ["STATE []"]
    for _ in range(8):
        clocked.advance(IDLE / 3)
        assert watcher.ask("PING") == ["OK"]
    assert_idle_timeout_begins_now(clocked)


def test_a_subscriber_prevents_the_idle_stop(clocked: InProcessDaemon) -> None:
    assert clocked.peer().ask("SUBSCRIBE") == ["STATE []"]
    clocked.advance(3 * IDLE)
    assert not clocked.has_stopped


def test_a_passive_subscriber_that_becomes_an_active_one_prevents_the_idle_stop(
    clocked: InProcessDaemon,
) -> None:
    assert clocked.peer().ask("SUBSCRIBE passive", "SUBSCRIBE") == ["STATE []", "STATE []"]
    clocked.advance(3 * IDLE)
    assert not clocked.has_stopped


def test_each_request_restarts_the_idle_timeout(clocked: InProcessDaemon) -> None:
    for _ in range(8):
        clocked.advance(IDLE / 3)
        assert clocked.ask("PING") == ["OK"]
    assert_idle_timeout_begins_now(clocked)


# Closed sessions ----------------------------------------------------------------


def test_a_closed_session_is_removed_after_its_retention_and_not_before(
    clocked: InProcessDaemon,
) -> None:
    watcher = clocked.peer()
    watcher.ask("SUBSCRIBE", "SET first working", "SET second working", "SET open working")
    clocked.ask("RM second")
    clocked.advance(RETENTION / 3)
    clocked.ask("RM first")
    watcher.take()
    clocked.advance(RETENTION * 2 / 3 - SECOND)
    assert watcher.take() == []
    clocked.advance(2 * SECOND)
    assert watcher.take() == ["REMOVED second"]
    clocked.advance(RETENTION / 3 - 2 * SECOND)
    assert watcher.take() == []
    clocked.advance(2 * SECOND)
    assert watcher.take() == ["REMOVED first"]
    assert clocked.ask("GET first", "GET second") == ["ERR session not found"] * 2
    assert clocked.ask("GET open")[0].startswith("OK ")


def test_a_session_that_expired_without_a_daemon_is_removed_at_the_start(path: Path) -> None:
    with InProcessDaemon(path, CONFIG) as first:
        assert first.ask("SET a working", "SET b working", "RM a") == ["OK"] * 3
        first.advance(RETENTION - SECOND)
        assert first.ask("GET a")[0].startswith("OK ")
        stopped = first.now()
    later = Now(stopped.wall + 2 * NS, stopped.boot + 2 * NS)
    with InProcessDaemon(path, CONFIG, later) as second:
        assert second.ask("GET a") == ["ERR session not found"]
        assert second.ask("GET b")[0].startswith("OK ")


# Wake-ups -----------------------------------------------------------------------


@pytest.mark.slow  # watches it for two seconds
@needs_strace
def test_an_idle_daemon_does_not_wake_up(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    with subscriber(home), subscriber(home, "json"), home.client():
        client.ask_all("SET a working", "SET b question", "SET c working", "RM c")
        daemon.next_status(lambda status: "closed" in status)
        # It may have work to finish first.
        until(lambda: not wakes_up(daemon.pid, home.root / "strace.log"))
