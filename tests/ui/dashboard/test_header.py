"""The header's counts, filter, order, and connection problem."""

from __future__ import annotations

import pytest

from acd.sessions.status import STATUSES
from acd.ui.dashboard.header import connection_problem, counts, header, selection
from acd.ui.dashboard.model import ListContent
from testing.dashboard.models import text_of


def content(**how_many: int) -> ListContent:
    return ListContent([], {status: how_many.get(status, 0) for status in STATUSES.values()}, 0)


@pytest.mark.parametrize(
    ("how_many", "expected"),
    [
        ({}, "no sessions"),
        ({"working": 2}, "nobody needs you · 2 working"),
        ({"question": 1, "attention": 1, "working": 3}, "▲ 2 need you · 3 working"),
        ({"attention": 1, "closed": 4}, "● 1 needs you · 4 closed"),
    ],
)
def test_the_header_counts(how_many: dict[str, int], expected: str) -> None:
    assert text_of(counts(content(**how_many), is_complete=True)) == expected


def test_before_the_first_snapshot_nothing_is_counted() -> None:
    assert text_of(counts(content(), is_complete=False)) == "acd"


def test_the_header_shows_a_filter_and_an_order_that_are_not_the_default() -> None:
    hiding = content(working=5)._replace(hidden=3)
    assert text_of(selection(hiding, "need", "")) == ""
    assert text_of(selection(hiding, "name", "api")) == "/api hides 3  by name"


def test_a_narrow_header_keeps_the_filter() -> None:
    left = counts(content(question=2, working=3, closed=2), is_complete=True)
    line = text_of(header(left, selection(content(), "need", "api"), 24))
    assert "2 need you" in line
    assert "/api" in line
    assert "closed" not in line


def test_a_connection_problem_shows_its_reason_and_the_time_of_the_last_message() -> None:
    line = text_of(
        connection_problem("it\x1b[2J", is_complete=True, was_live_at="12:00:00", room=80)
    )
    assert line == r"it\x1b[2J: connecting again…  (as it was at 12:00:00)"
