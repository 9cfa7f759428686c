"""The form of tables and lines, for every width."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.cli import render
from acd.cli.render import Look
from acd.client.mirror import SessionChange
from acd.sessions.status import STATUSES
from acd.text import by_need, one_line, width

PIPE = Look(columns=None, colour=False, home=Path("/home/me"))


def session(**fields: Any) -> dict[str, Any]:
    made = {
        "id": "3f2a9c1e-0000",
        "status": "working",
        "since": time.time() - 5,
        "elapsed": 5,
        "display_name": "api",
        "working_dir": "/home/me/src/api",
        "prompt": None,
    }
    return made | fields


def terminal(columns: int) -> Look:
    return Look(columns=columns, colour=False, home=Path("/home/me"))


texts = st.text(max_size=60)
sessions = st.lists(
    st.builds(
        session,
        id=st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1),
        status=st.sampled_from(list(STATUSES)),
        elapsed=st.integers(0, 10**6),
        display_name=texts.filter(bool),
        working_dir=st.none() | texts,
        prompt=st.none() | texts,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda each: each["id"],
)


def test_who_needs_you_most_comes_first() -> None:
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
    shown = render.table([session(status="question", prompt="Bash: touch x")], PIPE)
    assert shown == "▲ question  3f2a9c1e  api  5s  ~/src/api  Bash: touch x"


def test_the_columns_are_under_each_other_for_wide_characters_too() -> None:
    two = [session(id="1", display_name="日本語"), session(id="2", display_name="e\u0301")]
    first, second = render.table(two, PIPE).splitlines()
    assert width(first.partition("5s")[0]) == width(second.partition("5s")[0])


def test_ids_are_as_long_as_tells_them_apart() -> None:
    ids = ["12345678-a1", "12345678-a2", "short", "other-and-longer"]
    assert render.short_ids(ids) == {
        "12345678-a1": "12345678-a1",
        "12345678-a2": "12345678-a2",
        "short": "short",
        "other-and-longer": "other-an",
    }


@given(st.sets(st.text("ab", min_size=1, max_size=12), min_size=1))
def test_a_short_id_names_its_own_session_only(ids: set[str]) -> None:
    short = render.short_ids(ids, least=1)
    for this, beginning in short.items():
        others = [each for each in ids if each.startswith(beginning) and each != this]
        assert beginning == this or not others


def test_on_a_narrow_terminal_what_is_asked_outlasts_directory_and_id() -> None:
    [line] = render.table([session(prompt="May I go on?")], terminal(40)).splitlines()
    assert line == "▸ working  api  5s  May I go on?"


def test_a_directory_that_is_too_long_keeps_its_end() -> None:
    deep = session(working_dir="/home/me/" + "deep/" * 20 + "project", prompt="x" * 90)
    assert "/project " in render.table([deep], terminal(100))


@given(sessions, st.integers(20, 250))
def test_no_line_is_wider_than_the_terminal(listed: list[dict[str, Any]], columns: int) -> None:
    lines = render.table(listed, terminal(columns)).split("\n")
    assert len(lines) == len(listed)
    assert max(map(width, lines)) <= columns


@given(sessions)
def test_a_pipe_gets_every_text_in_full(listed: list[dict[str, Any]]) -> None:
    shown = render.table(listed, PIPE).split("\n")
    for line, each in zip(shown, listed, strict=True):
        assert one_line(each["display_name"]) in line
        assert one_line(each["prompt"] or "") in line


@given(sessions)
def test_colour_changes_nothing_but_the_colour(listed: list[dict[str, Any]]) -> None:
    plain = render.table(listed, terminal(100))
    coloured = render.table(listed, Look(columns=100, colour=True, home=Path("/home/me")))
    assert click.unstyle(coloured) == plain


def test_json_holds_nothing_that_a_terminal_obeys() -> None:
    shown = render.to_json({"a": "\x1b[31m \x9b \x7f \u202e é"}, indent=None)
    assert shown.isascii()
    assert shown.isprintable()


def line(before: dict[str, Any] | None, after: dict[str, Any] | None, **options: Any) -> str:
    columns = options.pop("columns", None)
    difference = SessionChange("a", before, after, options.pop("elapsed", None))
    return render.change(difference, Look(columns=columns, colour=False, home=None))


def test_a_change_tells_when_what_who_and_what_it_was_before() -> None:
    at = time.mktime((2026, 11, 20, 12, 3, 5, 0, 0, -1))
    after = session(status="question", since=at, prompt="Bash: touch x")
    shown = line(session(), after, elapsed=125)
    assert shown.endswith("12:03:05  question   api           Bash: touch x  (was working 2m 5s)")


@pytest.mark.parametrize(
    ("before", "after", "tail"),
    [
        (None, session(), "(new)"),
        (session(), session(prompt="more"), "more  (still)"),
        (session(), session(status="closed"), "(was working)"),
        (session(), None, "(was working)"),
    ],
)
def test_a_change_without_a_known_duration_tells_none(
    before: dict[str, Any] | None, after: dict[str, Any] | None, tail: str
) -> None:
    assert line(before, after).endswith(tail)


@given(sessions, st.integers(20, 200))
def test_no_change_is_wider_than_the_terminal(listed: list[dict[str, Any]], columns: int) -> None:
    for each in listed:
        assert width(line(session(), each, columns=columns, elapsed=3)) <= columns


def test_a_time_of_another_day_has_its_date() -> None:
    noon = time.mktime((2026, 11, 20, 12, 0, 0, 0, 0, -1))
    assert render.moment(noon, now=noon + 60) == "12:00:00"
    assert render.moment(noon, now=noon + 2 * 86_400) == "2026-11-20 12:00:00"
