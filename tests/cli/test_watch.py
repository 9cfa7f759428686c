"""`acd watch`: a line for each change, across daemons."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from testing.cli_runs import start, until, until_subscribed
from testing.support import WAIT, DaemonHome, LineClient, set_idle_timeout

Watch = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def watching() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a watch, and waits until it has subscribed."""
    started: list[subprocess.Popen[str]] = []

    def watch(home: DaemonHome, *args: str, **options: Any) -> subprocess.Popen[str]:
        started.append(start(home, "watch", *args, **options))
        until_subscribed(home)
        return started[-1]

    yield watch
    for process in started:
        process.kill()
        process.communicate()


def words(process: subprocess.Popen[str]) -> list[str]:
    """The words of the next line, without its time."""
    assert process.stdout is not None
    return process.stdout.readline().split()[1:]


def test_each_change_is_a_line_as_it_happens(
    served: DaemonHome, client: LineClient, watching: Watch
) -> None:
    watch = watching(served)
    client.ask('SET one working {"working_dir": "/src/api"}')
    assert words(watch) == ["working", "api", "(new)"]
    client.ask('SET one question {"prompt": "Bash: touch x"}')
    assert words(watch)[:5] == ["question", "api", "Bash:", "touch", "x"]
    client.ask("DELETE one")
    assert words(watch) == ["removed", "api", "(was", "question)"]


def test_sessions_that_existed_before_are_no_change(
    served: DaemonHome, client: LineClient, watching: Watch
) -> None:
    client.ask("SET old working")
    watch = watching(served)
    client.ask("SET new working")
    assert words(watch) == ["working", "new", "(new)"]


def test_json_is_one_object_on_each_line(
    served: DaemonHome, client: LineClient, watching: Watch
) -> None:
    watch = watching(served, "--json")
    client.ask_all("SET one working", "SET one question", "DELETE one")
    assert watch.stdout is not None
    new, changed, gone = [json.loads(watch.stdout.readline()) for _ in range(3)]
    assert new.keys() == {"at", "id", "from", "to", "duration", "session"}
    assert (new["id"], new["from"], new["to"], new["duration"]) == ("one", None, "working", None)
    assert (changed["from"], changed["to"], changed["duration"]) == ("working", "question", 0)
    assert changed["session"]["id"] == "one"
    assert changed["at"] == changed["session"]["since"]
    assert (gone["from"], gone["to"], gone["session"]) == ("question", None, None)


def test_a_watch_continues_when_the_daemon_was_stopped(alone: DaemonHome, watching: Watch) -> None:
    daemon = alone.start()
    watch = watching(alone)
    alone.ask("SET one working", "STOP")
    daemon.end()
    assert words(watch) == ["working", "one", "(new)"]
    # The watch itself starts the next daemon.
    until(lambda: _is_served(alone))
    until_subscribed(alone)
    alone.ask("SET one question")
    assert words(watch)[:2] == ["question", "one"]


def test_missed_changes_are_printed_once(alone: DaemonHome, watching: Watch) -> None:
    daemon = alone.start()
    alone.ask("SET same working", "SET changed working", "SET gone working")
    watch = watching(alone)
    watch.send_signal(signal.SIGSTOP)
    daemon.kill()
    alone.start()
    alone.ask("SET changed question", "SET new attention", "DELETE gone")
    watch.send_signal(signal.SIGCONT)
    until_subscribed(alone)
    alone.ask("SET same closed")
    printed = [words(watch) for _ in range(4)]
    assert printed[:3] == [
        ["question", "changed", "(was", "working)"],
        ["attention", "new", "(new)"],
        ["removed", "gone", "(was", "working)"],
    ]
    assert printed[3][:3] == ["closed", "same", "(was"]


def test_a_watch_prevents_the_idle_stop(alone: DaemonHome, watching: Watch) -> None:
    daemon = alone.start()
    watch = watching(alone)
    set_idle_timeout(alone, daemon, 0.002)
    with pytest.raises(subprocess.TimeoutExpired):
        daemon.process.wait(0.5)
    watch.kill()
    assert daemon.end() == 0


def test_a_watch_whose_reader_has_gone_ends_without_another_change(
    served: DaemonHome, watching: Watch
) -> None:
    ours, theirs = os.pipe()
    watch = watching(served, stdout=theirs)
    os.close(theirs)
    os.close(ours)
    _, err = watch.communicate(timeout=WAIT)
    assert (watch.returncode, err) == (141, "")


def test_an_interrupted_watch_ends_quietly(served: DaemonHome, watching: Watch) -> None:
    watch = watching(served)
    watch.send_signal(signal.SIGINT)
    out, err = watch.communicate(timeout=WAIT)
    assert (watch.returncode, out, err.strip()) == (130, "", "")


def _is_served(home: DaemonHome) -> bool:
    try:
        home.client().close()
    except OSError:
        return False
    return True
