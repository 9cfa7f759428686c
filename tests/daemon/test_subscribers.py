"""Who subscribes holds the truth: at once, in order, and however slowly it reads."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from acd.config import LimitsConfig
from testing.support import Client, Place, subscriber


def held(lines: Iterator[str] | list[str]) -> dict[str, str]:
    """The status of each session, as a subscriber knows it who has heard these lines."""
    picture: dict[str, str] = {}
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "STATE":
            picture = {session["id"]: session["status"] for session in json.loads(rest)}
        elif word == "UPDATE":
            session, status, _ = rest.split(" ", 2)
            picture[session] = status
        else:
            assert word == "REMOVED", line
            del picture[rest]
    return picture


def truth(client: Client) -> dict[str, str]:
    return {name: session["status"] for name, session in client.sessions().items()}


def test_a_subscriber_gets_the_whole_picture_at_once(place: Place, client: Client) -> None:
    client.ask_all("SET one working", "SET two question", "RM two")
    client.send("SUBSCRIBE")
    word, _, rest = client.line().partition(" ")
    assert word == "STATE"
    found = [(session["id"], session["status"]) for session in json.loads(rest)]
    assert found == [("one", "working"), ("two", "closed")]


def test_every_change_that_lands_is_told_and_no_other(place: Place, client: Client) -> None:
    with subscriber(place) as heard:
        event = {"session_id": "h", "hook_event_name": "UserPromptSubmit", "cwd": "/"}
        replies = client.ask_all(
            "SET a working",
            "SET a working",  # the same again is told again
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
        assert heard.lines(7) == [
            "UPDATE a working 0",
            "UPDATE a working 0",
            "UPDATE a closed 0",
            "UPDATE h working 0",
            "UPDATE a closed 0",
            "UPDATE a working 0",
            "REMOVED a",
        ]
        assert heard.ask("PING") == "OK"


def test_an_update_tells_the_whole_seconds_in_the_status_before(
    place: Place, client: Client
) -> None:
    with subscriber(place) as heard:
        client.ask_all("SET a question", "SET b question")
        time.sleep(1.05)
        client.ask_all("SET a working", "SET b question")
        assert heard.lines(4) == [
            "UPDATE a question 0",
            "UPDATE b question 0",
            "UPDATE a working 1",
            "UPDATE b question 1",
        ]


def test_with_json_an_update_carries_the_session_as_it_was_then(
    place: Place, client: Client
) -> None:
    with subscriber(place, "json") as heard:
        client.ask_all('SET a working {"name": "A b"}', "SET a question", "DELETE a")
        first, second, third = heard.lines(3)
    assert first.startswith("UPDATE a working 0 {")
    session: dict[str, Any] = json.loads(first.split(" ", 4)[4])
    assert (session["display_name"], session["status"]) == ("A b", "working")
    assert json.loads(second.split(" ", 4)[4])["status"] == "question"
    assert third == "REMOVED a"


def test_plain_and_json_subscribers_hear_the_same_in_the_same_order(
    place: Place, client: Client
) -> None:
    with subscriber(place) as plain, subscriber(place, "JSON") as whole:
        client.ask_all(*(f"SET s{n % 7} {('working', 'question')[n % 2]}" for n in range(700)))
        assert [line.split()[:4] for line in plain.lines(700)] == [
            line.split()[:4] for line in whole.lines(700)
        ]


@pytest.mark.usefixtures("daemon")
def test_its_own_changes_stand_among_its_own_replies(place: Place) -> None:
    with subscriber(place) as client, subscriber(place) as other:
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


def test_who_subscribes_twice_gets_a_new_picture_and_each_change_once(
    place: Place, client: Client
) -> None:
    with subscriber(place) as heard:
        client.ask("SET a working")
        assert heard.line() == "UPDATE a working 0"
        heard.send("SUBSCRIBE json")
        assert [s["id"] for s in json.loads(heard.line().removeprefix("STATE "))] == ["a"]
        client.ask("SET a question")
        assert heard.line().startswith("UPDATE a question 0 {")
        heard.send("SUBSCRIBE")
        assert heard.line().startswith("STATE ")
        client.ask("SET a working")
        assert heard.line() == "UPDATE a working 0"
        assert heard.ask("PING") == "OK"
        assert client.info()["subscribers"] == 1


def test_a_refused_subscription_leaves_the_old_one_as_it_is(place: Place, client: Client) -> None:
    with subscriber(place) as heard:
        assert heard.ask("SUBSCRIBE passive json") == "ERR usage: SUBSCRIBE [json] [passive]"
        client.ask("SET a working")
        assert heard.line() == "UPDATE a working 0"


def test_what_an_agent_spent_is_in_the_picture_at_once(place: Place, client: Client) -> None:
    client.ask("SET a working")
    with subscriber(place):  # a picture of this second exists now
        client.ask('API_USAGE a {"input_tokens": 5}')
        client.send("SUBSCRIBE")
        [session] = json.loads(client.line().removeprefix("STATE "))
        assert session["api_usage"] == {"input_tokens": 5}


# Slow ones ------------------------------------------------------------------

BATCH = 500
UPDATES = 150_000
"""Lines of 23 bytes: ten times what the buffers of a connection hold."""


def flood(client: Client, updates: int, sessions: int = 40) -> None:
    """Changes, pipelined, with all replies read."""
    for begin in range(0, updates, BATCH):
        lines = [
            f"SET flooded-{n % sessions} {('working', 'question')[n // sessions % 2]}"
            for n in range(begin, begin + BATCH)
        ]
        assert client.ask_all(*lines) == ["OK"] * BATCH


def test_a_subscriber_that_never_reads_costs_bounded_memory(place: Place, client: Client) -> None:
    flood(client, 5_000)
    with subscriber(place), subscriber(place, "json"):
        before = client.info()["rss"]
        flood(client, UPDATES)
        grown = client.info()["rss"] - before
        assert grown < 4 * LimitsConfig().output_buffer + 2_000_000
        assert client.info()["subscribers"] == 2


def test_a_subscriber_that_reads_hears_everything_beside_one_that_does_not(
    place: Place, client: Client
) -> None:
    with subscriber(place), subscriber(place) as quick:
        heard: list[str] = []
        reader = threading.Thread(target=lambda: heard.extend(quick.lines(20_000)))
        reader.start()
        flood(client, 20_000)
        reader.join()
    assert not [line for line in heard if not line.startswith("UPDATE flooded-")]


@pytest.mark.parametrize("words", [(), ("json",)])
def test_who_read_nothing_for_long_ends_with_one_fresh_picture_and_the_truth(
    place: Place, client: Client, words: tuple[str, ...]
) -> None:
    with subscriber(place, *words) as slow:
        client.ask("SET gone working")
        flood(client, 30_000)
        client.ask_all("DELETE gone", "RM flooded-3", "SET late question")
        # The picture comes when all before it has been read; what follows it is told again.
        lines = []
        while not (line := slow.line()).startswith("STATE "):
            lines.append(line)
        lines.append(line)
        client.ask("SET last working")
        lines.append(slow.line())
        assert held(lines) == truth(client)
        assert lines[-1].startswith("UPDATE last working 0")
        assert len(lines) < 30_000, "it was not slow"


def test_a_subscriber_that_is_slow_again_and_again_is_never_wrong(
    place: Place, client: Client
) -> None:
    with subscriber(place, "json") as slow:
        lines: list[str] = []
        for _ in range(5):
            flood(client, 6_000)
            client.ask("DELETE flooded-1")
            slow.send("PING")  # heard when everything before has been read
            lines += iter(slow.line, "OK")
            assert held(lines) == truth(client)
        assert sum(line.startswith("STATE") for line in lines) == 5


def test_who_pipelines_a_subscription_behind_replies_it_does_not_read_costs_no_memory(
    place: Place, client: Client
) -> None:
    fill(client, 1_000)
    with place.client() as slow:
        # Its buffer is over the limit by the time it subscribes.
        slow.send("LIST", "PING", "LIST", "PING", "SUBSCRIBE json")
        slow.sock.recv(1, socket.MSG_PEEK)
        before = client.info()["rss"]
        flood(client, UPDATES // 10)  # of 400 bytes
        assert client.info()["rss"] - before < 4_000_000
        replies = [line.split(" ", 1)[0] for line in slow.lines(5)]
        assert replies == ["STATE", "OK", "STATE", "OK", "STATE"]


# Who does not read replies --------------------------------------------------


def fill(client: Client, sessions: int) -> None:
    """So many sessions, each with as much text as a busy one has."""
    told = json.dumps({"prompt": "x" * 200, "working_dir": "/home/somebody/src/project"})
    for begin in range(0, sessions, BATCH):
        names = range(begin, min(begin + BATCH, sessions))
        client.ask_all(*(f"SET filled-{n} working {told}" for n in names))


@pytest.mark.slow  # sends until the memory would show
def test_who_asks_for_much_and_reads_nothing_costs_no_memory(place: Place, client: Client) -> None:
    fill(client, 1_000)  # a picture of 600 kB
    before = client.info()["rss"]
    with place.client() as rude:
        rude.send(*["LIST"] * 200)
        rude.sock.recv(1, socket.MSG_PEEK)
        # One that reads gets its answers meanwhile, and the rude one gets its own at last.
        assert client.info()["rss"] - before < 20_000_000
        assert [line.split(" ", 1)[0] for line in rude.lines(200)] == ["STATE"] * 200


def test_who_sends_and_never_reads_stops_being_heard(place: Place, client: Client) -> None:
    with place.client() as rude:
        rude.sock.setblocking(False)
        line = b"GET nobody\n" * 1_000
        sent = 0
        for _ in range(5_000):
            try:
                sent += rude.sock.send(line)
            except BlockingIOError:
                if client.ask("PING") != "OK":
                    break
        assert sent < 4_000_000, "the daemon took all of it, and must have put it somewhere"
