"""Following without being needed: what a stream does when a daemon does not answer it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from acd.client import attend, blocking
from acd.client.attend import Change
from acd.errors import AcdError, UnsafeSocket
from testing.support import Place


def statuses(changes: Iterator[Change]) -> dict[str, str]:
    """The next picture: sessions to statuses."""
    picture, _ = next(changes)
    return {name: session["status"] for name, session in picture.sessions.items()}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attend, "AGAIN", 0.2)
    monkeypatch.setattr(blocking, "REPLY_SECONDS", 0.2)


def test_a_daemon_that_takes_no_more_connections_is_asked_again(alone: Place) -> None:
    alone.configure("[limits]\nmax_connections = 1\n")
    alone.start()
    changes = attend.attend(alone.environ)
    with alone.client() as other:
        other.ask("SET a question")
        assert statuses(changes) == {"a": "question"}  # as its file says
        other.ask("SET a working")
    assert statuses(changes) == {"a": "working"}


def test_a_frozen_daemon_is_asked_again_and_followed_once_it_answers(alone: Place) -> None:
    daemon = alone.start()
    alone.ask("SET a question")
    daemon.signal(signal.SIGSTOP)
    changes = attend.attend(alone.environ)
    assert statuses(changes) == {"a": "question"}
    daemon.signal(signal.SIGCONT)
    alone.ask("SET a working")
    assert statuses(changes) == {"a": "working"}


def test_it_comes_back_when_the_caller_wants_to_though_nothing_happened(alone: Place) -> None:
    alone.start()
    wanted = time.monotonic() + 0.1
    changes = attend.attend(alone.environ, wake=lambda: wanted)
    next(changes)
    assert next(changes)[1] == []
    assert time.monotonic() >= wanted


def test_what_was_missed_between_two_daemons_is_told_as_a_difference(alone: Place) -> None:
    daemon = alone.start()
    alone.ask("SET a question", "SET b working")
    changes = attend.attend(alone.environ)
    assert statuses(changes) == {"a": "question", "b": "working"}
    daemon.kill()
    alone.start()
    alone.ask("DELETE b", "SET a working")
    differences = next(changes)[1]
    if len(differences) < 2:  # it was there before the second change
        differences += next(changes)[1]
    assert {difference.session_id for difference in differences} == {"a", "b"}


def test_a_place_that_is_open_to_others_is_refused(alone: Place) -> None:
    alone.directory.mkdir(mode=0o755)
    with pytest.raises(UnsafeSocket):
        next(attend.attend(alone.environ))


def test_what_cannot_be_watched_is_an_error_that_names_it(alone: Place) -> None:
    alone.directory.mkdir(mode=0o700)
    watched = alone.directory / "acd.sock.daemon"
    watched.symlink_to("elsewhere")
    with pytest.raises(AcdError, match=r"cannot watch .*acd\.sock\.daemon: "):
        next(attend.attend(alone.environ))
    watched.unlink()
