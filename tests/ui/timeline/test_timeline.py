"""A session's timeline from its history and live updates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acd.sessions.status import STATUSES, Status
from acd.sessions.values import Json
from acd.ui.timeline.timeline import PERIOD, ChangePoint, Timeline

T = 1_000_199.0
"""One second before a multiple of 30 s, the length of a cell."""


def history(*changes: tuple[float, str, str, float]) -> list[Json]:
    """Transitions as in HISTORY: at, from, to, duration."""
    keys = ("at", "from", "to", "duration")
    return [dict(zip(keys, change, strict=True)) for change in changes]


def test_a_status_lasts_until_the_next_one_begins() -> None:
    timeline = Timeline("working", T - 120)
    timeline.enter("question", T - 60)
    assert timeline.cells(T, 4, period=120) == ["working", "working", "question", "question"]


def test_cells_before_the_first_status_are_empty() -> None:
    assert Timeline("working", T - 30).cells(T, 4, period=120)[:2] == [None, None]


def test_a_status_that_starts_now_is_drawn() -> None:
    assert Timeline("question", T).cells(T, 6)[-1] == "question"


def test_the_same_status_again_adds_no_change_point() -> None:
    timeline = Timeline("working", T - 120)
    timeline.enter("working", T - 10)
    assert timeline.change_points == [ChangePoint(T - 120, "working")]


def test_a_cell_has_the_status_that_lasted_longest_in_it() -> None:
    timeline = Timeline("working", T - 3600)
    timeline.enter("question", T - 1000)
    timeline.enter("working", T - 990)
    assert set(timeline.cells(T, 12)) == {"working"}


def test_of_two_statuses_of_the_same_length_the_more_urgent_one_is_drawn() -> None:
    timeline = Timeline("working", 1000.0)
    timeline.enter("question", 1050.0)
    assert timeline.cells(1099.999, 1, period=100) == ["question"]


def test_the_chart_moves_by_whole_cells() -> None:
    timeline = Timeline("working", T - 1900)
    timeline.enter("attention", T - 700)
    start = 1_000_200.0  # a whole multiple of the cells' 300 seconds
    charts = {tuple(timeline.cells(start + second, 12)) for second in range(1, 299)}
    assert len(charts) == 1


def test_history_fills_in_the_time_before_the_first_message() -> None:
    timeline = Timeline("attention", T - 60)
    timeline.add_history(
        history(
            (T - 1800, "working", "question", 600.0),
            (T - 1200, "question", "working", 600.0),
            (T - 60, "working", "attention", 1140.0),
        )
    )
    assert timeline.change_points == [
        ChangePoint(T - 2400, "working"),
        ChangePoint(T - 1800, "question"),
        ChangePoint(T - 1200, "working"),
        ChangePoint(T - 60, "attention"),
    ]


def test_change_points_before_the_history_are_kept() -> None:
    timeline = Timeline("working", T - 3000)
    timeline.enter("question", T - 2000)
    timeline.enter("working", T - 1000)
    timeline.add_history(history((T - 1000, "question", "working", 500.0)))
    assert timeline.change_points[0] == ChangePoint(T - 3000, "working")


def test_change_points_after_the_history_are_kept() -> None:
    timeline = Timeline("working", T - 100)
    timeline.enter("question", T)
    timeline.add_history(history((T - 100, "attention", "working", 50.0)))
    assert timeline.change_points[-1] == ChangePoint(T, "question")


def test_an_empty_history_changes_nothing() -> None:
    timeline = Timeline("working", T)
    timeline.add_history([])
    assert timeline.change_points == [ChangePoint(T, "working")]


def test_statuses_that_ended_over_an_hour_ago_are_dropped() -> None:
    timeline = Timeline("working", T)
    turns: list[Status] = ["question", "working"]
    for minute in range(1, 600):
        timeline.enter(turns[minute % 2], T + minute * 60)
    assert len(timeline.change_points) <= PERIOD / 60 + 2


def test_totals_add_up_to_the_known_time() -> None:
    timeline = Timeline("working", T - 600)
    timeline.enter("question", T - 100)
    assert timeline.totals(T) == {"working": 500.0, "question": 100.0}


changes = st.lists(
    st.tuples(st.sampled_from(list(STATUSES.values())), st.floats(-5000, 5000)), max_size=30
)


@given(st.sampled_from(list(STATUSES.values())), changes, st.integers(1, 80))
def test_change_points_stay_in_order_whatever_the_clock_does(
    first: Status, changes: list[tuple[Status, float]], width: int
) -> None:
    timeline = Timeline(first, T)
    last = first
    for status, offset in changes:
        timeline.enter(status, T + offset)
        last = status
    starts = [point.start for point in timeline.change_points]
    assert starts == sorted(starts)
    assert timeline.change_points[-1].status == last
    neighbours = zip(timeline.change_points, timeline.change_points[1:], strict=False)
    assert all(one.status != other.status for one, other in neighbours)
    assert len(timeline.cells(T + 6000, width)) == width


@given(changes)
def test_a_history_of_known_changes_changes_nothing(
    changes: list[tuple[Status, float]],
) -> None:
    timeline = Timeline("working", T)
    at, last, transitions = T, "working", []
    for status, offset in changes:
        if status != last:
            transitions.append((at + abs(offset) + 1, last, status, abs(offset) + 1))
            at, last = at + abs(offset) + 1, status
            timeline.enter(status, at)
    before = timeline.cells(at + 1, 24)
    timeline.add_history(history(*transitions))
    assert timeline.cells(at + 1, 24) == before
