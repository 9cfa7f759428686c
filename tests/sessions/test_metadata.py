"""Which JSON is accepted, and the errors for the rest."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.sessions.metadata import (
    MAX_DEPTH,
    METADATA_KEYS,
    parse_api_usage,
    parse_metadata,
    parse_object,
)
from acd.sessions.values import Refused
from testing.json_values import any_json, json_objects


@given(json_objects)
def test_any_json_object_is_read_as_it_was_written(given_: dict[str, object]) -> None:
    assert parse_object(json.dumps(given_), "thing") == given_
    assert parse_object(json.dumps(given_, ensure_ascii=True, indent=1), "thing") == given_


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Expecting value at character 1"),
        ("{", "Expecting property name enclosed in double quotes at character 2"),
        ("[]", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ('"{}"', "must be a JSON object"),
        ("{} {}", "text after the object at character 3"),
        ("{}x", "text after the object at character 3"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": 1e999}', "a number is out of range"),
        ('{"a": ' + "9" * 5_000 + "}", "a number has too many digits"),
        ('{"a": ' + "[" * 5_000, "nested too deeply"),
        ('{"a": "\t"}', "Invalid control character at at character 8"),
        ("{'a': 1}", "Expecting property name enclosed in double quotes at character 2"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_not_a_json_object_is_refused_with_the_reason(text: str, problem: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_object(text, "thing")
    assert str(caught.value) == f"invalid thing: {problem}"


@given(st.text(st.characters()))
def test_any_text_is_an_object_or_refused_in_one_line(text: str) -> None:
    try:
        parse_object(text, "thing")
    except Refused as refused:
        assert len(str(refused)) < 200
        assert "\n" not in str(refused)


@pytest.mark.parametrize("key", METADATA_KEYS)
@pytest.mark.parametrize("value", [None, 1, True, [], {}], ids=repr)
def test_a_known_key_must_be_a_string(key: str, value: object) -> None:
    with pytest.raises(Refused, match=rf"^invalid metadata: {key} must be a string$"):
        parse_metadata(json.dumps({key: value}))


@pytest.mark.parametrize("key", METADATA_KEYS)
def test_a_known_key_must_be_text_that_can_be_encoded(key: str) -> None:
    with pytest.raises(Refused, match=rf"^invalid metadata: {key} must be Unicode text"):
        parse_metadata(json.dumps({key: "\ud800"}))


@given(st.dictionaries(st.sampled_from([*METADATA_KEYS, "other"]), any_json))
def test_metadata_is_split_or_refused(given_: dict[str, object]) -> None:
    try:
        metadata = parse_metadata(json.dumps(given_))
    except Refused:
        return
    assert {field for field, _ in metadata.fields} == {
        METADATA_KEYS[key] for key in given_ if key in METADATA_KEYS
    }
    assert (metadata.extra or {}) == {k: v for k, v in given_.items() if k not in METADATA_KEYS}


@pytest.mark.parametrize("parse", [parse_metadata, parse_api_usage])
def test_json_may_be_nested_to_the_limit_and_no_deeper(parse: object) -> None:
    assert callable(parse)
    for depth, fits in ((MAX_DEPTH, True), (MAX_DEPTH + 1, False)):
        # The object itself is the first level.
        text = '{"a": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"
        if fits:
            parse(text)
        else:
            with pytest.raises(Refused, match="nested too deeply"):
                parse(text)


@pytest.mark.parametrize("value", [-1, 1.0, "1", True, None], ids=repr)
@pytest.mark.parametrize("key", ["input_tokens", "output_tokens"])
def test_token_counts_are_whole_numbers(key: str, value: object) -> None:
    with pytest.raises(Refused, match=rf"^invalid api usage: {key} must be a whole number"):
        parse_api_usage(json.dumps({key: value}))


def test_api_usage_may_hold_other_keys() -> None:
    usage = {"input_tokens": 0, "output_tokens": 10**30, "cost": 0.1, "context": {"used": 3}}
    assert parse_api_usage(json.dumps(usage)) == usage
