"""The lines of `acd watch` at every width of the terminal."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.cli.result import TerminalStyle
from acd.cli.watch import change_line
from acd.client.mirror import SessionChange
from acd.text import moment, width
from testing.listed_sessions import session, sessions


def line(before: dict[str, Any] | None, after: dict[str, Any] | None, **options: Any) -> str:
    columns = options.pop("columns", None)
    change = SessionChange("a", before, after, options.pop("elapsed", None))
    return change_line(change, TerminalStyle(columns, colour=False, home=None))


def test_a_change_has_time_status_name_text_and_the_previous_status() -> None:
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
def test_a_change_without_a_known_duration_shows_none(
    before: dict[str, Any] | None, after: dict[str, Any] | None, tail: str
) -> None:
    assert line(before, after).endswith(tail)


@given(sessions, st.integers(20, 200))
def test_no_change_is_wider_than_the_terminal(listed: list[dict[str, Any]], columns: int) -> None:
    for each in listed:
        assert width(line(session(), each, columns=columns, elapsed=3)) <= columns


def test_a_time_of_another_day_has_its_date() -> None:
    noon = time.mktime((2026, 11, 20, 12, 0, 0, 0, 0, -1))
    assert moment(noon, noon + 60) == "12:00:00"
    assert moment(noon, noon + 2 * 86_400) == "2026-11-20 12:00:00"
