"""A subscriber that does not need the daemon: what it does when no daemon answers."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from acd.client import blocking, subscription
from acd.client.mirror import SessionChange, SessionMirror
from acd.client.subscription import subscribe_passively
from acd.errors import AcdError, UnsafeSocket
from testing.support import DaemonHome


def next_statuses(updates: Iterator[tuple[SessionMirror, list[SessionChange]]]) -> dict[str, str]:
    """The statuses of all sessions, after the next update."""
    mirror, _ = next(updates)
    return {name: session["status"] for name, session in mirror.sessions.items()}


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(blocking, "REPLY_SECONDS", 0.2)


def test_a_daemon_that_accepts_no_more_connections_is_tried_again(alone: DaemonHome) -> None:
    alone.configure("[limits]\nmax_connections = 1\n")
    alone.start()
    updates = subscribe_passively(alone.environ)
    with alone.client() as other:
        other.ask("SET a question")
        assert next_statuses(updates) == {"a": "question"}  # from its journal
        other.ask("SET a working")
    assert next_statuses(updates) == {"a": "working"}


def test_a_frozen_daemon_is_tried_again_until_it_answers(alone: DaemonHome) -> None:
    daemon = alone.start()
    alone.ask("SET a question")
    daemon.signal(signal.SIGSTOP)
    updates = subscribe_passively(alone.environ)
    assert next_statuses(updates) == {"a": "question"}
    daemon.signal(signal.SIGCONT)
    alone.ask("SET a working")
    assert next_statuses(updates) == {"a": "working"}


def test_it_wakes_the_caller_at_the_given_time(alone: DaemonHome) -> None:
    alone.start()
    wake_at = time.monotonic() + 0.1
    updates = subscribe_passively(alone.environ, wake_at=lambda: wake_at)
    next(updates)
    assert next(updates)[1] == []
    assert time.monotonic() >= wake_at


def test_changes_between_two_daemons_are_yielded(alone: DaemonHome) -> None:
    daemon = alone.start()
    alone.ask("SET a question", "SET b working")
    updates = subscribe_passively(alone.environ)
    assert next_statuses(updates) == {"a": "question", "b": "working"}
    daemon.kill()
    alone.start()
    alone.ask("DELETE b", "SET a working")
    changes = next(updates)[1]
    if len(changes) < 2:  # it had subscribed before the second change
        changes += next(updates)[1]
    assert {change.session_id for change in changes} == {"a", "b"}


def test_a_directory_that_is_open_to_others_is_refused(alone: DaemonHome) -> None:
    alone.directory.mkdir(mode=0o755)
    with pytest.raises(UnsafeSocket):
        next(subscribe_passively(alone.environ))


def test_a_pid_file_that_cannot_be_watched_is_an_error_with_its_path(alone: DaemonHome) -> None:
    alone.directory.mkdir(mode=0o700)
    watched = alone.directory / "acd.sock.daemon"
    watched.symlink_to("elsewhere")
    with pytest.raises(AcdError, match=r"cannot watch .*acd\.sock\.daemon: "):
        next(subscribe_passively(alone.environ))
    watched.unlink()
