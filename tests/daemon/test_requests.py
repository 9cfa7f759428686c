"""Requests on real connections: their order, their pieces, and what is refused."""

from __future__ import annotations

import json
import random

import pytest

from acd.config import LimitsConfig
from testing.support import DaemonHome, LineClient

MAX_LINE = LimitsConfig().max_line


def test_pipelined_requests_are_answered_in_their_order(client: LineClient) -> None:
    count = 3_000
    # More than the socket's buffers hold, so the daemon has to wait for its reader.
    requests = [
        line
        for number in range(count)
        for line in (
            f"SET s{number % 50} working",
            f"GET s{number % 50}",
            "PING",
            f"GET no{number}",
        )
    ]
    replies = []
    for begin in range(0, len(requests), 400):
        replies += client.ask_all(*requests[begin : begin + 400])
    expected = [
        reply
        for number in range(count)
        for reply in ("OK", f's{number % 50}"', "OK", "ERR session not found")
    ]
    for request, reply, wanted in zip(requests, replies, expected, strict=True):
        if request.startswith("GET s"):
            assert json.loads(reply.removeprefix("OK "))["id"] + '"' == wanted
        else:
            assert reply == wanted


def test_requests_about_connections_are_answered_in_order_too(client: LineClient) -> None:
    replies = client.ask_all(
        "SET a working", "PING", "GET b", "INFO", "SUBSCRIBE", "PING", "SET b working"
    )
    assert replies[:3] == ["OK", "OK", "ERR session not found"]
    assert json.loads(replies[3].removeprefix("OK "))["sessions"]["working"] == 1
    assert replies[4].startswith('STATE [{"id": "a"')
    assert replies[5:] == ["OK", "OK"]
    assert client.line() == "UPDATE b working 0"


def test_a_line_may_arrive_one_byte_at_a_time(client: LineClient) -> None:
    for byte in b'SET slow question {"name": "\xc3\xa9"}\n':
        client.sock.sendall(bytes([byte]))
    assert client.line() == "OK"
    assert client.get("slow")["display_name"] == "é"


def test_a_carriage_return_before_the_line_s_end_is_dropped(client: LineClient) -> None:
    client.sock.sendall(b"SET a working\r\nGET a\r\n")
    assert client.line() == "OK"
    assert client.line().startswith('OK {"id": "a"')


def test_only_whole_lines_are_applied_of_a_connection_that_ends_at_any_byte(
    home: DaemonHome, client: LineClient
) -> None:
    client.ask("SUBSCRIBE")
    sent = b"SET first working\nSET second question\nRM first\n"
    pushed = ["first working", "second question", "first closed"]
    for end in range(len(sent) + 1):
        with home.client() as other:
            other.sock.sendall(sent[:end])
        whole = pushed[: sent[:end].count(b"\n")]
        assert client.lines(len(whole)) == [f"UPDATE {change} 0" for change in whole]
        gone = sorted({change.split()[0] for change in whole})
        client.send(*(f"DELETE {name}" for name in gone), "PING")
        expected = [line for name in gone for line in ("OK", f"REMOVED {name}")]
        assert client.lines(len(expected) + 1) == [*expected, "OK"]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_a_line_of_the_maximum_length_is_served(client: LineClient, ending: bytes) -> None:
    line = b"HISTORY " + b"x" * (MAX_LINE - 8)
    client.sock.sendall(line + ending)
    assert client.line() == "ERR session not found"


def test_a_longer_line_is_refused_and_the_next_one_served(client: LineClient) -> None:
    client.sock.sendall(b"HISTORY " + b"x" * (MAX_LINE - 7) + b"\nPING\n")
    assert client.lines(2) == [f"ERR line too long: at most {MAX_LINE} bytes", "OK"]


def test_a_line_of_a_hundred_megabytes_takes_no_memory(client: LineClient) -> None:
    before = client.info()["rss"]
    for _ in range(100):
        client.sock.sendall(b"x" * 1_000_000)
    client.sock.sendall(b"\n")
    assert client.line() == f"ERR line too long: at most {MAX_LINE} bytes"
    assert client.info()["rss"] - before < 8_000_000


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"", "ERR unknown command"),
        (b"   ", "ERR unknown command"),
        (b"NOPE", "ERR unknown command"),
        (b"SET\xff a working", "ERR not UTF-8 at byte 4 of the line"),
        (b"SET a\0 working", "ERR NUL byte in the line"),
        (b"\x1b[31mSET", "ERR unknown command"),
        (b"SUBSCRIBE loudly", "ERR usage: SUBSCRIBE [json] [passive]"),
    ],
)
def test_an_invalid_line_gets_an_error_and_the_next_line_is_served(
    client: LineClient, line: bytes, reply: str
) -> None:
    client.sock.sendall(line + b"\nPING\n")
    assert client.lines(2) == [reply, "OK"]


def test_binary_garbage_is_answered_line_by_line(client: LineClient) -> None:
    chance = random.Random(1)
    for _ in range(20):
        garbage = chance.randbytes(5_000)
        client.sock.sendall(garbage + b"\nPING\n")
        # A random line does not begin with a verb, so it is an error.
        replies = client.lines(garbage.count(b"\n") + 2)
        assert all(reply.startswith("ERR ") for reply in replies[:-1])
        assert replies[-1] == "OK"


@pytest.mark.parametrize("request_", ['SET deep working {"x": %s}', 'API_USAGE deep {"x": %s}'])
def test_json_that_is_nested_too_deeply_to_be_written_anywhere_is_refused(
    home: DaemonHome, client: LineClient, request_: str
) -> None:
    assert client.ask("SET deep working") == "OK"
    # Python's own limit depends on the depth of its stack.
    for depth in (1, 63, 64, *range(900, 1_010), 5_000):
        reply = client.ask(request_ % ("[" * depth + "]" * depth))
        assert (reply == "OK") == (depth < 64), (depth, reply)
        assert reply == "OK" or "nested too deeply" in reply
        assert client.get("deep")["id"] == "deep"


def test_an_id_is_never_interpreted(client: LineClient) -> None:
    for name in ("--help", "../../etc/passwd", "$(reboot)", "a;b", "%s", "{0}", "\\", "'"):
        assert client.ask(f"SET {name} working") == "OK"
        assert client.get(name)["id"] == name


def test_an_id_that_could_act_on_a_terminal_is_refused(client: LineClient) -> None:
    for name in ("a\x1b[2J", "a\u202eb", "a\u200bb", "a\x7f", "x" * 129):
        reply = client.ask(f"SET {name} working")
        assert reply.startswith("ERR invalid session id: must be 1 to 128 printable characters")
