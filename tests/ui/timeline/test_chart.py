"""The data of a timeline: the intervals in its span, and their totals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.ui.timeline.chart import Interval
from testing.timeline_sessions import API, BEGIN, MINUTE, WEB, make_chart


def minutes(interval: Interval) -> tuple[float, float, str]:
    return (
        (interval.start - BEGIN) / MINUTE,
        (interval.end - BEGIN) / MINUTE,
        interval.status,
    )


def test_a_row_has_the_intervals_and_totals_of_its_session() -> None:
    [row] = make_chart(API).rows
    assert [minutes(each) for each in row.intervals] == [
        (0, 20, "working"),
        (20, 30, "question"),
        (30, 40, "working"),
        (40, 60, "attention"),
    ]
    assert (row.waited, row.worked) == (30 * MINUTE, 30 * MINUTE)


def test_intervals_are_cut_to_the_span_and_closed_is_left_out() -> None:
    [row] = make_chart(WEB).rows
    assert [minutes(each) for each in row.intervals] == [(0, 10, "working"), (10, 15, "attention")]


def test_a_session_without_transitions_has_one_interval() -> None:
    [row] = make_chart(("new", 50.0, [])).rows
    assert [minutes(each) for each in row.intervals] == [(50, 60, "working")]


def test_a_session_without_an_interval_in_the_span_has_no_row() -> None:
    assert make_chart(("old", -90.0, [(-60.0, "attention"), (-30.0, "closed")])).rows == []


def test_the_longest_waiting_session_comes_first_and_the_sums_are_of_all() -> None:
    chart = make_chart(WEB, ("busy", 0.0, []), API)
    assert [row.session["display_name"] for row in chart.rows] == ["api", "web", "busy"]
    assert chart.waited == 35 * MINUTE
    assert chart.worked == (30 + 10 + 60) * MINUTE


@pytest.mark.parametrize(("depth", "is_cut"), [(3, True), (4, False)])
def test_a_full_history_that_begins_within_the_span_is_cut(depth: int, is_cut: bool) -> None:
    late = ("late", 5.0, [(20.0, "question"), (30.0, "working"), (40.0, "attention")])
    assert [row.is_cut for row in make_chart(late, depth=depth).rows] == [is_cut]


def test_a_full_history_that_covers_the_span_is_not_cut() -> None:
    early = ("early", -5.0, [(20.0, "question"), (30.0, "working")])
    assert [row.is_cut for row in make_chart(early, depth=2).rows] == [False]


STATUSES = st.sampled_from(["working", "question", "attention", "closed"])


@given(
    st.floats(-100, 60),
    st.lists(st.tuples(st.floats(0.001, 50), STATUSES), max_size=8),
    st.floats(1, 120),
)
def test_intervals_are_ordered_disjoint_and_within_the_span(
    start: float, steps: list[tuple[float, str]], length: float
) -> None:
    changes, at, before = [], start, "working"
    for lasted, status in steps:
        at += lasted
        if status != before and at < length:
            changes.append((at, status))
            before = status
    chart = make_chart(("x", min(start, length), changes), minutes=length)
    for row in chart.rows:
        times = [time for each in row.intervals for time in (each.start, each.end)]
        assert times == sorted(times)
        assert chart.since <= times[0] and times[-1] <= chart.until
        assert row.waited + row.worked <= chart.span * (1 + 1e-9)


def test_json_has_times_durations_and_whether_the_history_is_cut() -> None:
    json = make_chart(API).to_json()
    assert json["waited"] == json["worked"] == 30 * MINUTE
    assert (json["since"], json["until"]) == (BEGIN, BEGIN + 60 * MINUTE)
    [only] = json["sessions"]
    assert only["totals"] == {
        "working": 30 * MINUTE,
        "attention": 20 * MINUTE,
        "question": 10 * MINUTE,
    }
    assert (only["id"], only["display_name"], only["is_cut"]) == ("id-api", "api", False)
    assert only["stretches"][0] == {
        "start": BEGIN,
        "end": BEGIN + 20 * MINUTE,
        "status": "working",
    }
