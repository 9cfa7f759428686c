"""The table of sessions at every width of the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from hypothesis import given
from hypothesis import strategies as st

from acd.cli.result import TerminalStyle
from acd.cli.table import short_ids, table
from acd.sessions.status import by_need
from acd.text import one_line, width
from testing.listed_sessions import session, sessions

PIPE = TerminalStyle(columns=None, colour=False, home=Path("/home/me"))


def terminal(columns: int) -> TerminalStyle:
    return TerminalStyle(columns=columns, colour=False, home=Path("/home/me"))


def test_sessions_are_in_the_order_of_their_need_for_the_user() -> None:
    given = [
        session(id="closed", status="closed", since=1.0),
        session(id="works", status="working", since=2.0),
        session(id="asks lately", status="question", since=9.0),
        session(id="asks for long", status="question", since=3.0),
        session(id="done", status="attention", since=1.0),
    ]
    order = [each["id"] for each in by_need(given)]
    assert order == ["asks for long", "asks lately", "done", "works", "closed"]


def test_a_line_has_status_id_name_age_directory_and_what_is_asked() -> None:
    [line] = table([session(status="question", prompt="Bash: touch x")], PIPE)
    assert line == "▲ question  3f2a9c1e  api  5s  ~/src/api  Bash: touch x"


def test_the_columns_are_under_each_other_for_wide_characters_too() -> None:
    two = [session(id="1", display_name="日本語"), session(id="2", display_name="e\u0301")]
    first, second = table(two, PIPE)
    assert width(first.partition("5s")[0]) == width(second.partition("5s")[0])


def test_ids_are_shortened_to_what_is_unique() -> None:
    ids = ["12345678-a1", "12345678-a2", "short", "other-and-longer"]
    assert short_ids(ids) == {
        "12345678-a1": "12345678-a1",
        "12345678-a2": "12345678-a2",
        "short": "short",
        "other-and-longer": "other-an",
    }


@given(st.sets(st.text("ab", min_size=1, max_size=12), min_size=1))
def test_a_short_id_names_its_own_session_only(ids: set[str]) -> None:
    short = short_ids(ids, shortest=1)
    for this, beginning in short.items():
        others = [each for each in ids if each.startswith(beginning) and each != this]
        assert beginning == this or not others


def test_a_narrow_terminal_shows_the_question_and_not_directory_and_id() -> None:
    [line] = table([session(prompt="May I go on?")], terminal(40))
    assert line == "▸ working  api  5s  May I go on?"


def test_a_directory_that_is_too_long_keeps_its_end() -> None:
    deep = session(working_dir="/home/me/" + "deep/" * 20 + "project", prompt="x" * 90)
    [line] = table([deep], terminal(100))
    assert "/project " in line


@given(sessions, st.integers(20, 250))
def test_no_line_is_wider_than_the_terminal(listed: list[dict[str, Any]], columns: int) -> None:
    lines = table(listed, terminal(columns))
    assert len(lines) == len(listed)
    assert max(map(width, lines)) <= columns


@given(sessions)
def test_a_pipe_gets_every_text_in_full(listed: list[dict[str, Any]]) -> None:
    shown = table(listed, PIPE)
    for line, each in zip(shown, listed, strict=True):
        assert one_line(each["display_name"]) in line
        assert one_line(each["prompt"] or "") in line


@given(sessions)
def test_colour_changes_nothing_but_the_colour(listed: list[dict[str, Any]]) -> None:
    plain = table(listed, terminal(100))
    coloured = table(listed, TerminalStyle(columns=100, colour=True, home=Path("/home/me")))
    assert [click.unstyle(line) for line in coloured] == plain
