"""Parsing JSON with positions: what is accepted, the positions, the errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agents.settings.jsontext import (
    BOM,
    MAX_NESTING,
    Array,
    Container,
    JsonError,
    Node,
    Object,
    parse,
)
from testing.settings_strategies import ANYTHING, rendered

# Everything that may be in a JSON text, and some things that may not.
PIECES = st.sampled_from(
    [
        *("{", "}", "[", "]", ",", ":", '"', '"a"', '"\\u00e9"', '"\\x"', "1", "-0", "01", "1."),
        *(
            "1e5",
            "true",
            "null",
            "nul",
            " ",
            "\n",
            "\t",
            "\x0b",
            "\ufeff",
            "//",
            "'",
            "é",
            "-",
            ".",
        ),
    ]
)


def no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def value_of(text: str, node: Node) -> Any:
    """Returns the node's value, made of the values of its parts."""
    if isinstance(node, Object):
        return {item.key: value_of(text, item.value) for item in node.items}
    if isinstance(node, Array):
        return [value_of(text, item.value) for item in node.items]
    return json.loads(text[node.start : node.end])


@given(st.data())
def test_every_node_has_the_position_of_its_value(data: st.DataObject) -> None:
    text = data.draw(rendered(data.draw(ANYTHING)))
    assert value_of(text, parse(text)) == json.loads(text)


@given(st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=20)))
def test_it_accepts_exactly_what_the_json_module_accepts(text: str) -> None:
    try:
        expected = json.loads(text.removeprefix(BOM), parse_constant=no_constant)
    except ValueError:
        with pytest.raises(JsonError):
            parse(text)
    else:
        assert value_of(text, parse(text)) == expected


@given(st.data())
def test_an_item_reaches_from_its_key_to_its_value(data: st.DataObject) -> None:
    text = data.draw(rendered(data.draw(st.dictionaries(st.text(max_size=3), ANYTHING))))
    node = parse(text)
    assert isinstance(node, Container)
    for item in node.items:
        member = json.loads("{" + text[item.start : item.end] + "}")
        assert list(member) == [item.key]
        assert item.end == item.value.end


def test_a_byte_order_mark_is_passed_over_and_not_counted() -> None:
    text = BOM + "[1]"
    assert value_of(text, parse(text)) == [1]
    with pytest.raises(JsonError, match="line 1, column 2"):
        parse(BOM + "[?]")


def test_lines_end_at_line_feeds_only() -> None:
    with pytest.raises(JsonError) as caught:
        parse('{\r\n\r\n  "a": "\u2028" ?}')
    assert (caught.value.line, caught.value.column) == (3, 12)


def test_what_is_found_is_shown_without_control_characters() -> None:
    with pytest.raises(JsonError) as caught:
        parse("\x1b[31m")
    assert caught.value.what == "'\\x1b' where a value should be"


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    deepest = "[" * MAX_NESTING + "]" * MAX_NESTING
    assert isinstance(parse(deepest), Array)
    with pytest.raises(JsonError, match="nested too deeply"):
        parse(f"[{deepest}]")


def test_a_long_string_that_is_not_closed_is_found_at_once() -> None:
    # A pattern that backtracks would take exponential time.
    with pytest.raises(JsonError, match="column 1: a string that is not closed"):
        parse('"' + "a" * 100_000)
