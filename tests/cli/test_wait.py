"""`acd wait`: it ends when a session needs the user, and prints it."""

from __future__ import annotations

import json

import pytest

from testing.cli_runs import start, until_subscribed
from testing.command_line import Acd
from testing.support import WAIT, DaemonHome, LineClient

pytestmark = pytest.mark.usefixtures("served")


def test_wait_ends_when_a_session_needs_you_and_prints_it(
    served: DaemonHome, client: LineClient
) -> None:
    client.ask("SET other working")
    waiting = start(served, "wait")
    until_subscribed(served)
    client.ask("SET other working")
    client.ask('SET one question {"prompt": "Go on?"}')
    out, err = waiting.communicate(timeout=WAIT)
    assert (waiting.returncode, err) == (0, "")
    assert out.split()[:3] == ["▲", "question", "one"]
    assert out.endswith("Go on?\n")


def test_a_session_that_needs_you_already_ends_wait_at_once(acd: Acd) -> None:
    acd("set", "works", "working")
    acd("set", "done", "attention")
    done = acd("wait")
    assert done.code == 0
    assert [line.split()[2] for line in done.lines] == ["done"]


def test_wait_is_for_the_sessions_that_are_named(acd: Acd) -> None:
    acd("set", "done", "attention")
    acd("set", "works", "working")
    done = acd("wait", "wor", "--timeout", "0.05")
    assert (done.code, done.out) == (1, "")
    assert "after 0.05 s none of them is attention or question" in done.err


def test_wait_can_be_for_other_statuses(acd: Acd) -> None:
    acd("set", "one", "closed")
    assert acd("wait", "one", "--for", "working, closed").code == 0


def test_wait_json_prints_the_session(acd: Acd) -> None:
    acd("set", "one", "question")
    assert json.loads(acd("wait", "--json").out)["id"] == "one"


def test_wait_ends_when_all_that_are_named_have_closed(
    served: DaemonHome, client: LineClient
) -> None:
    client.ask_all("SET a working", "SET b working")
    waiting = start(served, "wait", "a", "b")
    until_subscribed(served)
    client.ask_all("RM a", "DELETE b")
    out, err = waiting.communicate(timeout=WAIT)
    assert (waiting.returncode, out) == (1, "")
    assert err == "acd: closed, and will not need you any more: a, b\n"


def test_wait_continues_when_the_daemon_was_killed(alone: DaemonHome) -> None:
    daemon = alone.start()
    alone.ask("SET one working")
    waiting = start(alone, "wait")
    until_subscribed(alone)
    daemon.kill()
    # Either this command or the waiting one starts the next daemon.
    alone_again = start(alone, "set", "one", "question")
    assert alone_again.wait(WAIT) == 0
    out, _ = waiting.communicate(timeout=WAIT)
    alone_again.communicate()
    assert (waiting.returncode, out.split()[2]) == (0, "one")


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("--for", "busy"), "'busy' is not one of question, attention, working, closed"),
        (("--timeout", "-1"), "-1.0 is not a valid number of seconds"),
        (("--timeout", "nan"), "nan is not a valid number of seconds"),
        (("--timeout", "soon"), "'soon' is not a valid float"),
    ],
)
def test_wrong_arguments_of_wait_are_reported(
    acd: Acd, args: tuple[str, ...], complaint: str
) -> None:
    done = acd("wait", *args)
    assert done.code == 2
    assert complaint in done.err


def test_waiting_for_a_session_that_is_not_there_is_an_error(acd: Acd) -> None:
    assert acd("wait", "nobody").code == 1
