"""Reading replies and pushes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.protocol import (
    BadReply,
    Err,
    Message,
    Ok,
    Removed,
    Snapshot,
    Update,
    parse_message,
    removed_line,
    state_line,
    update_line,
)
from acd.sessions.status import STATUSES
from testing.json_values import any_json, any_text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("OK", Ok("")),
        ('OK {"pid": 1}', Ok('{"pid": 1}')),
        ("ERR session not found", Err("session not found")),
        ("STATE []", Snapshot([])),
        ('STATE [{"id": "s"}]', Snapshot([{"id": "s"}])),
        ("UPDATE s working 12", Update("s", "working", 12)),
        ('UPDATE s closed 0 {"id": "s"}', Update("s", "closed", 0, {"id": "s"})),
        ("REMOVED s", Removed("s")),
    ],
)
def test_a_line_of_the_daemon_is_read(line: str, message: Message) -> None:
    assert_same(parse_message(line), message)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ok",
        "HELLO",
        "STATE",
        "STATE {}",
        "STATE [1]",
        "STATE [",
        "STATE " + "[" * 100_000,
        "UPDATE",
        "UPDATE s",
        "UPDATE s working",
        "UPDATE s asleep 1",
        "UPDATE s working soon",
        "UPDATE s working 1 []",
        "UPDATE s working 1 {",
        "UPDATE s working 1 " + '{"a":' * 100_000,
        "UPDATE s working " + "9" * 5_000,
    ],
    ids=lambda line: line[:24],
)
def test_a_line_that_is_not_of_the_protocol_is_a_bad_reply(line: str) -> None:
    with pytest.raises(BadReply, match=r"^not a line of protocol 1: "):
        parse_message(line)


@given(
    st.one_of(
        st.text(st.characters()),
        st.tuples(
            st.sampled_from(["OK", "ERR", "STATE", "UPDATE", "REMOVED"]),
            st.lists(st.one_of(any_text, any_json.map(json.dumps), st.sampled_from([*STATUSES]))),
        ).map(lambda line: " ".join([line[0], *line[1]])),
    )
)
def test_any_line_is_a_message_or_a_bad_reply(line: str) -> None:
    try:
        message = parse_message(line)
    except BadReply:
        return
    if isinstance(message, Snapshot):
        assert all(isinstance(session, dict) for session in message.sessions)


def test_the_error_shows_the_beginning_of_a_bad_line_only_and_escaped() -> None:
    with pytest.raises(BadReply) as caught:
        parse_message("\x1b[2J" + "x" * 10_000)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


def test_json_that_is_nested_too_deeply_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        Ok("[" * 100_000).json()


_names = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1)
_objects = st.dictionaries(any_text, any_json, max_size=3)


@given(_names, st.sampled_from([*STATUSES.values()]), st.integers(0, 2**40), _objects)
def test_every_push_is_read_as_it_was_written(
    name: str, status: Any, elapsed: int, session: Any
) -> None:
    line = update_line(name, status, elapsed)
    assert_same(parse_message(line), Update(name, status, elapsed))
    whole = f"{line} {json.dumps(session)}"
    assert_same(parse_message(whole), Update(name, status, elapsed, session))
    assert_same(parse_message(removed_line(name)), Removed(name))


@given(st.lists(_objects, max_size=3))
def test_every_snapshot_is_plain_ascii_and_read_as_it_was_written(sessions: Any) -> None:
    line = state_line(sessions)
    assert line.isascii()
    assert "\n" not in line
    assert_same(parse_message(line), Snapshot(sessions))


def assert_same(one: Message, other: Message) -> None:
    """Named tuples of different types can be equal."""
    assert (type(one), one) == (type(other), other)
