"""A subscriber has the true state: at once, in order, and however slowly it reads."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from acd.config import LimitsConfig
from testing.peer import memory_server
from testing.support import DaemonHome, LineClient, subscriber


def statuses_after(lines: Iterator[str] | list[str]) -> dict[str, str]:
    """The status of each session after these lines."""
    statuses: dict[str, str] = {}
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "STATE":
            statuses = {session["id"]: session["status"] for session in json.loads(rest)}
        elif word == "UPDATE":
            session, status, _ = rest.split(" ", 2)
            statuses[session] = status
        else:
            assert word == "REMOVED", line
            del statuses[rest]
    return statuses


def statuses_of(client: LineClient) -> dict[str, str]:
    return {name: session["status"] for name, session in client.sessions().items()}


def test_a_subscriber_gets_a_snapshot_at_once(home: DaemonHome, client: LineClient) -> None:
    client.ask_all("SET one working", "SET two question", "RM two")
    client.send("SUBSCRIBE")
    word, _, rest = client.line().partition(" ")
    assert word == "STATE"
    found = [(session["id"], session["status"]) for session in json.loads(rest)]
    assert found == [("one", "working"), ("two", "closed")]


def test_every_change_is_pushed_and_nothing_else(home: DaemonHome, client: LineClient) -> None:
    with subscriber(home) as pushed:
        event = {"session_id": "h", "hook_event_name": "UserPromptSubmit", "cwd": "/"}
        replies = client.ask_all(
            "SET a working",
            "SET a working",  # the same status again is pushed again
            "SET a nonsense",
            "RM a",
            "SET a working",  # refused: it is closed
            f"HOOK claude-code {{}} {json.dumps(event)}",
            f"HOOK claude-code {{}} {json.dumps(event | {'hook_event_name': 'New'})}",
            'SET a closed {"session_id": "x", "working_dir": "/"}',
            "RESURRECT a",
            "API_USAGE a {}",
            "DELETE a",
            "DELETE a",
        )
        assert [reply.split()[0] for reply in replies] == (
            ["OK", "OK", "ERR", "OK", "ERR"] + ["OK"] * 6 + ["ERR"]
        )
        assert pushed.lines(7) == [
            "UPDATE a working 0",
            "UPDATE a working 0",
            "UPDATE a closed 0",
            "UPDATE h working 0",
            "UPDATE a closed 0",
            "UPDATE a working 0",
            "REMOVED a",
        ]
        assert pushed.ask("PING") == "OK"


def test_an_update_has_the_whole_seconds_in_the_previous_status() -> None:
    with memory_server() as served:
        pushed, client = served.peer(), served.peer()
        pushed.ask("SUBSCRIBE")
        client.ask("SET a question", "SET b question")
        served.wait(1.95)
        client.ask("SET a working", "SET b question")
        assert pushed.take() == [
            "UPDATE a question 0",
            "UPDATE b question 0",
            "UPDATE a working 1",
            "UPDATE b question 1",
        ]


def test_with_json_an_update_carries_the_session_as_it_was_then(
    home: DaemonHome, client: LineClient
) -> None:
    with subscriber(home, "json") as pushed:
        client.ask_all('SET a working {"name": "A b"}', "SET a question", "DELETE a")
        first, second, third = pushed.lines(3)
    assert first.startswith("UPDATE a working 0 {")
    session: dict[str, Any] = json.loads(first.split(" ", 4)[4])
    assert (session["display_name"], session["status"]) == ("A b", "working")
    assert json.loads(second.split(" ", 4)[4])["status"] == "question"
    assert third == "REMOVED a"


def test_plain_and_json_subscribers_get_the_same_pushes_in_the_same_order(
    home: DaemonHome, client: LineClient
) -> None:
    with subscriber(home) as plain, subscriber(home, "JSON") as whole:
        client.ask_all(*(f"SET s{n % 7} {('working', 'question')[n % 2]}" for n in range(700)))
        assert [line.split()[:4] for line in plain.lines(700)] == [
            line.split()[:4] for line in whole.lines(700)
        ]


@pytest.mark.usefixtures("daemon")
def test_the_pushes_of_own_changes_follow_their_replies(home: DaemonHome) -> None:
    with subscriber(home) as client, subscriber(home) as other:
        client.send("SET a working", "GET nobody", "SET b question", "DELETE a", "PING")
        assert client.lines(8) == [
            "OK",
            "UPDATE a working 0",
            "ERR session not found",
            "OK",
            "UPDATE b question 0",
            "OK",
            "REMOVED a",
            "OK",
        ]
        assert other.lines(3) == ["UPDATE a working 0", "UPDATE b question 0", "REMOVED a"]


def test_a_second_subscription_replaces_the_first() -> None:
    with memory_server() as served:
        pushed, client = served.peer(), served.peer()
        pushed.ask("SUBSCRIBE")
        client.ask("SET a working")
        assert pushed.take() == ["UPDATE a working 0"]
        [state] = pushed.ask("SUBSCRIBE json")
        assert [each["id"] for each in json.loads(state.removeprefix("STATE "))] == ["a"]
        client.ask("SET a question")
        [update] = pushed.take()
        assert update.startswith("UPDATE a question 0 {")
        [state] = pushed.ask("SUBSCRIBE")
        assert state.startswith("STATE ")
        client.ask("SET a working")
        assert pushed.take() == ["UPDATE a working 0"]
        assert pushed.ask("PING") == ["OK"]
        [info] = client.ask("INFO")
        assert json.loads(info.removeprefix("OK "))["subscribers"] == 1


def test_a_refused_subscription_leaves_the_previous_one(
    home: DaemonHome, client: LineClient
) -> None:
    with subscriber(home) as pushed:
        assert pushed.ask("SUBSCRIBE passive json") == "ERR usage: SUBSCRIBE [json] [passive]"
        client.ask("SET a working")
        assert pushed.line() == "UPDATE a working 0"


def test_api_usage_is_in_the_next_snapshot(home: DaemonHome, client: LineClient) -> None:
    client.ask("SET a working")
    with subscriber(home):  # the snapshot of this second is cached now
        client.ask('API_USAGE a {"input_tokens": 5}')
        client.send("SUBSCRIBE")
        [session] = json.loads(client.line().removeprefix("STATE "))
        assert session["api_usage"] == {"input_tokens": 5}


# Slow ones ------------------------------------------------------------------

BATCH = 500
UPDATES = 150_000
"""Lines of 23 bytes: ten times what the buffers of a connection hold."""


def flood(client: LineClient, updates: int, sessions: int = 40) -> None:
    """Changes, pipelined, with all replies read."""
    for begin in range(0, updates, BATCH):
        lines = [
            f"SET flooded-{n % sessions} {('working', 'question')[n // sessions % 2]}"
            for n in range(begin, begin + BATCH)
        ]
        assert client.ask_all(*lines) == ["OK"] * BATCH


@pytest.mark.slow  # sends until the memory would show
def test_a_subscriber_that_never_reads_takes_bounded_memory(
    home: DaemonHome, client: LineClient
) -> None:
    flood(client, 5_000)
    with subscriber(home), subscriber(home, "json"):
        before = client.info()["rss"]
        flood(client, UPDATES)
        grown = client.info()["rss"] - before
        assert grown < 4 * LimitsConfig().output_buffer + 2_000_000
        assert client.info()["subscribers"] == 2


def test_a_subscriber_gets_every_push_beside_one_that_does_not_read(
    home: DaemonHome, client: LineClient
) -> None:
    with subscriber(home), subscriber(home) as quick:
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.extend(quick.lines(20_000)))
        reader.start()
        flood(client, 20_000)
        reader.join()
    assert not [line for line in lines if not line.startswith("UPDATE flooded-")]


@pytest.mark.parametrize("words", [(), ("json",)])
def test_a_slow_subscriber_ends_with_one_new_snapshot_and_the_true_state(
    home: DaemonHome, client: LineClient, words: tuple[str, ...]
) -> None:
    with subscriber(home, *words) as slow:
        client.ask("SET gone working")
        flood(client, 30_000)
        client.ask_all("DELETE gone", "RM flooded-3", "SET late question")
        # The snapshot comes when everything before it has been read; pushes follow it.
        lines = []
        while not (line := slow.line()).startswith("STATE "):
            lines.append(line)
        lines.append(line)
        client.ask("SET last working")
        lines.append(slow.line())
        assert statuses_after(lines) == statuses_of(client)
        assert lines[-1].startswith("UPDATE last working 0")
        assert len(lines) < 30_000, "it was not slow"


def test_a_subscriber_that_is_slow_repeatedly_has_the_true_state(
    home: DaemonHome, client: LineClient
) -> None:
    with subscriber(home, "json") as slow:
        lines: list[str] = []
        for _ in range(5):
            flood(client, 6_000)
            client.ask("DELETE flooded-1")
            slow.send("PING")  # served when everything before has been read
            lines += iter(slow.line, "OK")
            assert statuses_after(lines) == statuses_of(client)
        assert sum(line.startswith("STATE") for line in lines) == 5


def test_a_subscription_behind_unread_replies_takes_bounded_memory(
    home: DaemonHome, client: LineClient
) -> None:
    fill(client, 1_000)
    with home.client() as slow:
        # Its buffer is over the limit by the time it subscribes.
        slow.send("LIST", "PING", "LIST", "PING", "SUBSCRIBE json")
        slow.sock.recv(1, socket.MSG_PEEK)
        before = client.info()["rss"]
        flood(client, UPDATES // 10)  # of 400 bytes
        assert client.info()["rss"] - before < 4_000_000
        replies = [line.split(" ", 1)[0] for line in slow.lines(5)]
        assert replies == ["STATE", "OK", "STATE", "OK", "STATE"]


# Unread replies -------------------------------------------------------------


def fill(client: LineClient, sessions: int) -> None:
    """So many sessions, each with as much text as a busy one has."""
    metadata = json.dumps({"prompt": "x" * 200, "working_dir": "/home/somebody/src/project"})
    for begin in range(0, sessions, BATCH):
        names = range(begin, min(begin + BATCH, sessions))
        client.ask_all(*(f"SET filled-{n} working {metadata}" for n in names))


@pytest.mark.slow  # sends until the memory would show
def test_unread_replies_take_bounded_memory(home: DaemonHome, client: LineClient) -> None:
    fill(client, 1_000)  # a snapshot of 600 kB
    before = client.info()["rss"]
    with home.client() as rude:
        rude.send(*["LIST"] * 200)
        rude.sock.recv(1, socket.MSG_PEEK)
        # Clients that read get their replies meanwhile; this one gets them later.
        assert client.info()["rss"] - before < 20_000_000
        assert [line.split(" ", 1)[0] for line in rude.lines(200)] == ["STATE"] * 200


def test_a_client_that_never_reads_is_not_read_from(home: DaemonHome, client: LineClient) -> None:
    with home.client() as rude:
        rude.sock.setblocking(False)
        line = b"GET nobody\n" * 1_000
        sent = 0
        for _ in range(5_000):
            try:
                sent += rude.sock.send(line)
            except BlockingIOError:
                if client.ask("PING") != "OK":
                    break
        assert sent < 4_000_000, "the daemon read all of it, and holds it"
