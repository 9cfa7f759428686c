"""Every request over a connection: whole, split at each byte, and with a tail."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agents.catalog import DEFAULT
from acd.daemon.commands import Commands
from acd.protocol import USAGE, LineDecoder, LineError, encode, parse_message, parse_request
from acd.sessions.store import Store
from acd.sessions.values import Now, Refused
from testing.json_values import any_json
from testing.peer import HERE, START, MemoryServer, memory_server
from testing.wire_samples import CLOSED, SAMPLES, SESSION, Sample, event, matches

IDS = [f"{number}-{sample.request[:30]!a}" for number, sample in enumerate(SAMPLES)]


def set_up(server: MemoryServer, sample: Sample) -> None:
    replies = server.peer().ask(*sample.setup)
    assert not any(reply.startswith("ERR") for reply in replies), replies


def check(sample: Sample, lines: list[str]) -> None:
    [reply] = lines
    assert matches(sample.reply, reply), f"{reply}\nis not\n{sample.reply}"
    parse_message(reply)


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_request_is_answered(sample: Sample) -> None:
    with memory_server() as server:
        set_up(server, sample)
        subscriber = server.peer()
        subscriber.ask("SUBSCRIBE")
        check(sample, server.peer().ask(sample.request))
        pushed = subscriber.take()
        assert tuple(pushed) == sample.pushed
        for line in pushed:
            parse_message(line)


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_request_gets_the_same_reply_when_it_is_split_at_any_byte(sample: Sample) -> None:
    line = f"{sample.request}\n".encode()
    for cut in range(1, len(line)):
        with memory_server() as server:
            set_up(server, sample)
            peer = server.peer()
            peer.feed(line[:cut])
            assert peer.take() == []
            peer.feed(line[cut:])
            check(sample, peer.take())


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_a_request_is_answered_before_its_tail(sample: Sample) -> None:
    with memory_server() as server:
        set_up(server, sample)
        peer = server.peer()
        peer.feed(f"{sample.request}\r\nPING\nSET late work".encode())
        reply, ping, *rest = peer.take()
        check(sample, [reply])
        assert (ping, rest) == ("OK", [])


def test_every_verb_has_a_sample_for_each_of_its_kinds_of_reply() -> None:
    seen = {(sample.request.split(" ")[0], sample.reply.split(" ")[0]) for sample in SAMPLES}
    verbs = {usage.partition(" ")[0] for usage in USAGE.values()}
    # The reply to RECORD has several lines.
    for verb in verbs - {"RECORD"}:
        assert {reply for each, reply in seen if each == verb} & {"OK", "STATE"}, verb
    for verb in verbs:
        assert (verb, "ERR") in seen


# Order ----------------------------------------------------------------------


def test_pipelined_requests_are_answered_in_their_order() -> None:
    with memory_server() as server:
        requests = ["SET s working", "GET t", "PING", "NO", "RM s", "LIST"]
        replies = server.peer().ask(*requests)
        assert [reply.split(" ")[0] for reply in replies] == [
            "OK",
            "ERR",
            "OK",
            "ERR",
            "OK",
            "STATE",
        ]


def test_more_requests_than_one_turn_takes_are_answered_in_their_order() -> None:
    with memory_server() as server:
        peer = server.peer()
        replies = peer.ask(*(f"GET s{number}" for number in range(300)), "PING")
        while len(replies) < 301:
            replies += peer.ask()
        assert replies == ["ERR session not found"] * 300 + ["OK"]


def test_a_subscriber_that_sends_requests_gets_their_pushes_after_each_reply() -> None:
    with memory_server() as server:
        lines = server.peer().ask("SUBSCRIBE", "SET s working", "RM s", "DELETE s", "DELETE s")
        assert lines == [
            "STATE []",
            *("OK", "UPDATE s working 0"),
            *("OK", "UPDATE s closed 0"),
            *("OK", "REMOVED s"),
            "ERR session not found",
        ]


def test_a_subscription_begins_with_a_snapshot_and_misses_nothing_after_it() -> None:
    with memory_server() as server:
        peer = server.peer()
        lines = peer.ask("SET a working", "SUBSCRIBE", "SET b working")
        assert matches('OK|STATE [{"id": "a"…}]|OK|UPDATE b working 0', "|".join(lines))


def test_a_push_has_the_whole_seconds_spent_in_the_previous_status() -> None:
    with memory_server() as server:
        subscriber = server.peer()
        subscriber.ask(SESSION, "SUBSCRIBE")
        server.wait(59.9)
        server.peer().ask("SET s question")
        assert subscriber.take() == ["UPDATE s question 59"]


def test_with_json_each_update_carries_the_session_as_list_shows_it() -> None:
    with memory_server() as server:
        subscriber = server.peer()
        subscriber.ask("SUBSCRIBE json")
        server.peer().ask('SET s question {"prompt": "really?"}')
        [line] = subscriber.take()
        [state] = server.peer().ask("LIST")
        update, _, whole = line.partition(" {")
        assert update == "UPDATE s question 0"
        assert state == f"STATE [{{{whole}]"


def test_the_removal_of_a_session_for_room_is_pushed_before_the_new_session() -> None:
    with memory_server() as server:
        server.store.rules = type(server.store.rules)(max_sessions=1)
        subscriber = server.peer()
        subscriber.ask(CLOSED, "SUBSCRIBE")
        server.peer().ask("SET t working")
        assert subscriber.take() == ["REMOVED s", "UPDATE t working 0"]


def test_a_connection_gets_no_replies_of_another() -> None:
    with memory_server() as server:
        one, other = server.peer(), server.peer()
        one.feed(b"SET a wor")
        assert other.ask("SET b working") == ["OK"]
        one.feed(b"king\n")
        assert (one.take(), other.take()) == (["OK"], [])


def test_a_refused_request_is_not_recorded() -> None:
    with memory_server() as server:
        server.peer().ask(
            "SET s asleep", "RM s", "GET s", "SET s working", event("SomethingNew", "t")
        )
        verbs = [record.split(" ")[0] for record in server.records]
        assert verbs == ["SET", "EVENT"]


# Limits ---------------------------------------------------------------------


def test_metadata_may_be_as_long_as_its_limit_and_no_longer() -> None:
    with memory_server() as server:
        limit = server.store.rules.max_metadata
        peer = server.peer()
        fits = json.dumps({"k": "x" * (limit - len('{"k": ""}'))})
        assert peer.ask(f"SET s working {fits}") == ["OK"]
        assert peer.ask(f"API_USAGE s {fits}") == ["OK"]
        for request, what in (("SET s working", "metadata"), ("API_USAGE s", "api usage")):
            [reply] = peer.ask(f"{request} {fits} ".rstrip()[:-2] + 'x"}')
            assert reply == f"ERR invalid {what}: at most {limit} bytes, not {limit + 1}"


def test_a_line_may_be_as_long_as_its_limit_and_no_longer() -> None:
    with memory_server() as server:
        limit = server.server.limits.max_line
        peer = server.peer()
        assert peer.ask("HISTORY " + "x" * (limit - 8)) == ["ERR session not found"]
        assert peer.ask("HISTORY " + "x" * (limit - 7)) == [
            f"ERR line too long: at most {limit} bytes"
        ]
        assert peer.ask("PING") == ["OK"]


# Anything at all ------------------------------------------------------------

WORDS = [
    *(usage.partition(" ")[0] for usage in USAGE.values()),
    *("s", "t", "working", "closed", "question", "claude-code", "json", "passive", "{}", "\t", ""),
    *("x" * 129, "\u00a0", "\u2028", "\x85", "é", "[", '{"at":5}', '"', "\x1b[2J", "-1", "NaN"),
]

_requests = st.one_of(
    st.text(),
    st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join),
    st.tuples(
        st.sampled_from(
            [
                "SET s working",
                "API_USAGE s",
                "HOOK claude-code {}",
                "HOOK claude-code",
                "set t closed",
            ]
        ),
        any_json.map(json.dumps),
        st.sampled_from(["", " ", "\t", "}", " {}", "\x1c"]),
    ).map(lambda parts: f"{parts[0]} {parts[1]}{parts[2]}"),
    st.sampled_from(SAMPLES).map(lambda sample: sample.request),
)

_streams = st.lists(
    st.one_of(st.binary(max_size=20), _requests.map(lambda text: text.encode() + b"\n")),
    max_size=8,
)


def answers(store: Store, line: str | LineError, now: Now) -> str:
    """The reply to a line, without a connection."""
    if isinstance(line, LineError):
        return f"ERR {line.text}"
    commands = Commands(store, local_host=HERE, is_dir=lambda path: True)
    try:
        request = parse_request(line)
        outcome = commands.handlers[type(request)](request, line, now)
    except Refused as refused:
        return f"ERR {refused}"
    if outcome is None:
        return "OK"
    reply, _, record = outcome
    assert record is None or encode([record])
    return reply


@given(_streams)
def test_whatever_bytes_arrive_each_line_is_answered_or_refused(pieces: list[bytes]) -> None:
    decoder, store = LineDecoder(1000), Store(DEFAULT.name)
    for piece in pieces:
        for line in decoder.feed(piece):
            reply = answers(store, line, START)
            assert "\n" not in reply
            parse_message(encode([reply]).decode().removesuffix("\n"))


@given(_streams)
def test_whatever_bytes_arrive_the_next_line_is_served(pieces: list[bytes]) -> None:
    with memory_server() as server:
        peer = server.peer()
        peer.feed(*pieces)
        peer.feed(b"\nPING\n")
        lines = peer.take()
        assert lines[-1] == "OK"
        for line in lines:
            parse_message(line)


@given(st.sampled_from(["SET s working", "API_USAGE s"]), any_json)
def test_accepted_json_is_returned_as_json_that_others_can_read(
    request: str, value: object
) -> None:
    with memory_server() as server:
        peer = server.peer()
        peer.ask(SESSION)
        [reply] = peer.ask(f"{request} {json.dumps({'value': value})}")
        if reply == "OK":
            [line] = peer.ask("GET s")
            assert line.isascii()
            shown = json.loads(line.removeprefix("OK "), parse_constant=pytest.fail)
            stored = shown["metadata"] if request.startswith("SET") else shown["api_usage"]
            assert stored == {"value": value}


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "Infinity",
        "1e999",
        "-1e999",
        "9" * 5_000,
        "[" * 100 + "]" * 100,
        '{"a":' * 500 + "1" + "}" * 500,
        '"\\ud800',
        "'x'",
        "01",
        "1.",
        "\ufeff1",
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_json_that_could_not_be_returned_is_refused(value: str) -> None:
    with memory_server() as server:
        [reply] = server.peer().ask(f'SET s working {{"value": {value}}}')
        assert reply.startswith("ERR invalid metadata: ")
        assert len(reply) < 200


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('"\\ud800"', '"\\ud800"'),
        ('"\\u0000\\n\\u001b"', '"\\u0000\\n\\u001b"'),
        ('"é"', '"\\u00e9"'),
        ("9" * 4_000, "9" * 4_000),
        ("-0", "0"),
        ("1e308", "1e+308"),
        ('{"a": 1, "a": 2}', '{"a": 2}'),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_unusual_json_is_returned(value: str, shown: str) -> None:
    with memory_server() as server:
        peer = server.peer()
        assert peer.ask(f'SET s working {{"value": {value}}}') == ["OK"]
        [line] = peer.ask("GET s")
        assert f'"metadata": {{"value": {shown}}}' in line
