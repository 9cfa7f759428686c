"""The sans-IO client: replies and pushes, whole, split at each byte, and with a tail."""

from __future__ import annotations

import pytest

from acd.client.session import ClientSession, MatchedReply
from acd.protocol import (
    BadReply,
    Err,
    Get,
    History,
    List,
    Message,
    Ok,
    Ping,
    Recorded,
    Removed,
    Request,
    Snapshot,
    Subscribe,
    Update,
    parse_message,
    parse_request,
)
from acd.sessions.values import Refused
from testing.peer import memory_server
from testing.wire_samples import SAMPLES, Sample

IDS = [f"{number}-{sample.request[:30]!a}" for number, sample in enumerate(SAMPLES)]


def request_of(sample: Sample) -> Request:
    """The sample's request; for a line that is none, any request that gets the same ERR."""
    try:
        return parse_request(sample.request)
    except Refused:
        return Ping()


def exchanged(sample: Sample) -> tuple[str, list[str]]:
    """The server's reply to a sample, and what it pushes to a subscriber."""
    with memory_server() as server:
        server.peer().ask(*sample.setup)
        subscriber = server.peer()
        subscriber.ask("SUBSCRIBE json")
        [reply] = server.peer().ask(sample.request)
        return reply, subscriber.take()


def received(sample: Sample, *pieces: bytes) -> list[MatchedReply | Message]:
    """The output of a session for these bytes, after it has sent the sample's request."""
    session = ClientSession()
    session.send(request_of(sample))
    return [each for piece in pieces for each in session.receive(piece)]


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_reply_answers_its_request(sample: Sample) -> None:
    reply, _ = exchanged(sample)
    expected = parse_message(reply)
    assert isinstance(expected, Ok | Err | Snapshot)
    assert_same(received(sample, f"{reply}\n".encode()), [MatchedReply(expected)])


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_reply_that_is_split_at_any_byte_is_the_same(sample: Sample) -> None:
    data = f"{exchanged(sample)[0]}\n".encode()
    whole = received(sample, data)
    for cut in range(1, len(data)):
        assert_same(received(sample, data[:cut], data[cut:]), whole)


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_pushes_before_and_behind_a_reply_are_no_replies(sample: Sample) -> None:
    reply, pushes = exchanged(sample)
    [answer] = received(sample, f"{reply}\n".encode())
    expected = [parse_message(line) for line in pushes]
    data = "\n".join([*pushes, reply, *pushes, "UPDATE tail wor"]).encode()
    assert_same(
        received(sample, data, b"king 2\n"),
        [*expected, answer, *expected, Update("tail", "working", 2)],
    )


def test_requests_are_formatted_as_lines() -> None:
    session = ClientSession()
    assert session.send(Get("ü")) == "GET ü\n".encode()
    assert session.send(Subscribe(json=True)) == b"SUBSCRIBE json\n"


def test_pipelined_requests_are_answered_in_their_order() -> None:
    session = ClientSession()
    for request in (Get("a"), List(), Ping()):
        session.send(request)
    assert_same(
        session.receive(b"ERR session not found\nREMOVED x\nSTATE []\nOK\n"),
        [
            MatchedReply(Err("session not found")),
            Removed("x"),
            MatchedReply(Snapshot([])),
            MatchedReply(Ok("")),
        ],
    )


def test_a_snapshot_is_a_push_unless_the_oldest_request_asks_for_one() -> None:
    session = ClientSession()
    session.send(History("a"))
    session.send(Subscribe())
    assert_same(
        session.receive(b"STATE []\nOK []\nSTATE []\nSTATE []\n"),
        [Snapshot([]), MatchedReply(Ok("[]")), MatchedReply(Snapshot([])), Snapshot([])],
    )


def test_an_error_without_a_request_is_a_push() -> None:
    session = ClientSession()
    assert_same(session.receive(b"ERR too slow\n"), [Err("too slow")])


def test_records_are_pushes() -> None:
    assert_same(ClientSession().receive(b"RECORD RM s\n"), [Recorded("RM s")])


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK\n", b"\xff\n", b"\0\n", b"\n"])
def test_a_line_that_is_not_of_the_protocol_is_one_error(line: bytes) -> None:
    with pytest.raises(BadReply):
        ClientSession().receive(line)


def assert_same(one: list[MatchedReply | Message], other: list[MatchedReply | Message]) -> None:
    """Named tuples of different types can be equal."""
    assert [repr(each) for each in one] == [repr(each) for each in other]
