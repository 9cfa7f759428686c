"""Templates: fields, braces, and errors."""

from __future__ import annotations

import pytest

from acd.errors import EXIT_USAGE, AcdError
from acd.ui.bars.formats import render
from acd.ui.bars.template import TEMPLATE_FIELDS, Template
from testing.bar_sessions import DOCS, SOME, WEB, content


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{question}/{attention}/{need}/{working}/{open}", "2/1/3/1/4"),
        ("{symbol} {name} ({status}) {age}{text}", "▲ old (question) 2h 10m"),
        ("{{{name}}}", "{old}"),
        ("[{summary}]", "[▲2 ●1 ▸1]"),
        ("no field", "no field"),
        ("", ""),
    ],
)
def test_fields_are_filled_and_other_text_is_kept(source: str, shown: str) -> None:
    assert render("plain", content(*SOME), Template(source)) == shown


def test_the_fields_of_the_first_session_are_those_of_one_that_needs_the_user() -> None:
    source = Template("{name}: {text}")
    assert render("plain", content(WEB, DOCS), source) == "docs: The page is ready."
    assert render("plain", content(WEB), source) == ": "


@pytest.mark.parametrize("name", TEMPLATE_FIELDS)
def test_every_field_can_be_filled_without_any_session(name: str) -> None:
    assert render("plain", content(), Template(f"{{{name}}}")) in {"", "0"}


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{que}", "there is no field {que}"),
        ("{}", "there is no field {}"),
        ("{name!r}", "there is no field {name!r}"),
        ("{name.upper}", "there is no field {name.upper}"),
        ("{ name }", "there is no field { name }"),
        ("x {name", "a lone { at character 3"),
        ("x }", "a lone } at character 3"),
        ("{a{b}", "a lone { at character 1"),
    ],
)
def test_an_invalid_template_is_refused_with_the_reason(source: str, problem: str) -> None:
    with pytest.raises(AcdError) as caught:
        Template(source)
    assert caught.value.message == f"--template: {problem}"
    assert caught.value.exit_code == EXIT_USAGE
    assert caught.value.hint


def test_the_value_of_a_field_is_not_a_template() -> None:
    sneaky = {**DOCS, "display_name": "{text}{{"}
    assert render("plain", content(sneaky), Template("{name}")) == "{text}{{"
