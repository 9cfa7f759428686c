"""Reading and formatting requests."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.protocol import (
    USAGE,
    ApiUsage,
    Close,
    Delete,
    Get,
    History,
    Hook,
    Info,
    List,
    Ping,
    Record,
    Request,
    Resurrect,
    Set,
    Stop,
    Subscribe,
    parse_request,
)
from acd.sessions.status import STATUSES
from acd.sessions.values import Refused
from testing.json_values import any_json, any_text
from testing.wire_samples import SAMPLES, Sample

REQUESTS: list[tuple[str, Request]] = [
    ("SET s working", Set("s", "working")),
    ('SET s working {"name": "a b"}', Set("s", "working", '{"name": "a b"}')),
    ("RM s", Close("s")),
    ("DELETE s", Delete("s")),
    ("GET s", Get("s")),
    ("HISTORY s", History("s")),
    ("LIST", List()),
    ("SUBSCRIBE", Subscribe()),
    ("SUBSCRIBE json", Subscribe(json=True)),
    ("SUBSCRIBE passive", Subscribe(passive=True)),
    ("SUBSCRIBE json passive", Subscribe(json=True, passive=True)),
    ("RESURRECT s", Resurrect("s")),
    ('API_USAGE s {"cost": 1}', ApiUsage("s", '{"cost": 1}')),
    ('HOOK claude-code {"at":1} {"a": "b c"}', Hook("claude-code", '{"at":1}', '{"a": "b c"}')),
    ("INFO", Info()),
    ("PING", Ping()),
    ("STOP", Stop()),
    ("RECORD", Record()),
]


@pytest.mark.parametrize(("line", "request_"), REQUESTS, ids=lambda value: str(value)[:30])
def test_a_request_is_formatted_and_read(line: str, request_: Request) -> None:
    assert request_.format() == line
    assert_same(parse_request(line), request_)


def test_every_type_of_request_has_an_example() -> None:
    assert {type(request) for _, request in REQUESTS} == set(USAGE)


@pytest.mark.parametrize(("line", "request_"), REQUESTS, ids=lambda value: str(value)[:30])
def test_a_verb_may_be_in_any_case(line: str, request_: Request) -> None:
    verb, space, args = line.partition(" ")
    for written in (verb.lower(), verb.title()):
        assert_same(parse_request(f"{written}{space}{args}"), request_)


@pytest.mark.parametrize("kind", USAGE, ids=lambda kind: kind.__name__)
def test_a_wrong_number_of_words_is_refused_with_the_form_of_the_request(
    kind: type[Request],
) -> None:
    verb = USAGE[kind].partition(" ")[0]
    # JSON in the last field may be any number of words.
    line = verb if kind in {Set, ApiUsage, Hook} else f"{verb} one two three"
    with pytest.raises(Refused, match=r"^usage: ") as refused:
        parse_request(line)
    assert str(refused.value) == f"usage: {USAGE[kind]}"


@pytest.mark.parametrize("line", [" PING", "\tPING\t", "PING\t", "PING  "])
def test_whitespace_around_a_verb_without_arguments_is_ignored(line: str) -> None:
    assert_same(parse_request(line), Ping())


@pytest.mark.parametrize("line", [" GET s", "GET\ts", "LIST\t", "\tLIST", " SET s working"])
def test_a_verb_about_sessions_begins_the_line_and_is_followed_by_a_space(line: str) -> None:
    with pytest.raises(Refused, match=r"^usage: "):
        parse_request(line)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.request[:30]!a}")
def test_a_sample_is_read_alike_after_it_was_formatted(sample: Sample) -> None:
    try:
        request = parse_request(sample.request)
    except Refused:
        return
    assert_same(parse_request(request.format()), request)


_ids = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=128)


@given(_ids, st.sampled_from([*STATUSES.values()]), st.dictionaries(any_text, any_json))
def test_a_request_with_json_is_read_as_it_was_formatted(
    session_id: str, status: str, value: object
) -> None:
    text = json.dumps(value)
    for request in (
        Set(session_id, STATUSES[status], text),
        ApiUsage(session_id, text),
        Hook("claude-code", "{}", text),
    ):
        assert_same(parse_request(request.format()), request)


def assert_same(one: Request, other: Request) -> None:
    """Named tuples of different types can be equal."""
    assert (type(one), one) == (type(other), other)
