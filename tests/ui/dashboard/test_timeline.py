"""What a session did when, put together from what is told and what is seen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acd.sessions.status import STATUSES, Status
from acd.sessions.values import Json
from acd.ui.dashboard.timeline import SPAN, Stretch, Timeline

T = 1_000_199.0
"""A second before cells of thirty seconds move."""


def history(*changes: tuple[float, str, str, float]) -> list[Json]:
    """Transitions as HISTORY tells: at, from, to, duration."""
    keys = ("at", "from", "to", "duration")
    return [dict(zip(keys, change, strict=True)) for change in changes]


def test_a_status_lasts_until_the_next_one_begins() -> None:
    timeline = Timeline("working", T - 120)
    timeline.enter("question", T - 60)
    assert timeline.cells(T, 4, span=120) == ["working", "working", "question", "question"]


def test_before_it_was_known_there_is_nothing() -> None:
    assert Timeline("working", T - 30).cells(T, 4, span=120)[:2] == [None, None]


def test_what_begins_at_this_moment_is_seen_at_once() -> None:
    assert Timeline("question", T).cells(T, 6)[-1] == "question"


def test_the_same_status_again_does_not_cut_its_stretch() -> None:
    timeline = Timeline("working", T - 120)
    timeline.enter("working", T - 10)
    assert timeline.stretches == [Stretch(T - 120, "working")]


def test_a_cell_has_the_status_that_lasted_longest_in_it() -> None:
    timeline = Timeline("working", T - 3600)
    timeline.enter("question", T - 1000)
    timeline.enter("working", T - 990)
    assert set(timeline.cells(T, 12)) == {"working"}


def test_of_two_that_lasted_as_long_the_one_that_needs_you_is_seen() -> None:
    timeline = Timeline("working", 1000.0)
    timeline.enter("question", 1050.0)
    assert timeline.cells(1099.999, 1, span=100) == ["question"]


def test_cells_move_by_whole_cells_and_do_not_shimmer() -> None:
    timeline = Timeline("working", T - 1900)
    timeline.enter("attention", T - 700)
    start = 1_000_200.0  # a whole multiple of the cells' 300 seconds
    pictures = {tuple(timeline.cells(start + second, 12)) for second in range(1, 299)}
    assert len(pictures) == 1


def test_history_fills_in_what_was_not_seen() -> None:
    timeline = Timeline("attention", T - 60)
    timeline.learn(
        history(
            (T - 1800, "working", "question", 600.0),
            (T - 1200, "question", "working", 600.0),
            (T - 60, "working", "attention", 1140.0),
        )
    )
    assert timeline.stretches == [
        Stretch(T - 2400, "working"),
        Stretch(T - 1800, "question"),
        Stretch(T - 1200, "working"),
        Stretch(T - 60, "attention"),
    ]


def test_what_was_seen_before_the_daemons_memory_begins_is_kept() -> None:
    timeline = Timeline("working", T - 3000)
    timeline.enter("question", T - 2000)
    timeline.enter("working", T - 1000)
    timeline.learn(history((T - 1000, "question", "working", 500.0)))
    assert timeline.stretches[0] == Stretch(T - 3000, "working")


def test_what_has_changed_since_the_daemon_answered_is_kept() -> None:
    timeline = Timeline("working", T - 100)
    timeline.enter("question", T)
    timeline.learn(history((T - 100, "attention", "working", 50.0)))
    assert timeline.stretches[-1] == Stretch(T, "question")


def test_no_history_leaves_everything_as_it_was_seen() -> None:
    timeline = Timeline("working", T)
    timeline.learn([])
    assert timeline.stretches == [Stretch(T, "working")]


def test_what_ended_more_than_an_hour_ago_is_forgotten() -> None:
    timeline = Timeline("working", T)
    turns: list[Status] = ["question", "working"]
    for minute in range(1, 600):
        timeline.enter(turns[minute % 2], T + minute * 60)
    assert len(timeline.stretches) <= SPAN / 60 + 2


def test_totals_add_up_to_what_is_known() -> None:
    timeline = Timeline("working", T - 600)
    timeline.enter("question", T - 100)
    assert timeline.totals(T) == {"working": 500.0, "question": 100.0}


changes = st.lists(
    st.tuples(st.sampled_from(list(STATUSES.values())), st.floats(-5000, 5000)), max_size=30
)


@given(st.sampled_from(list(STATUSES.values())), changes, st.integers(1, 80))
def test_whatever_clocks_do_stretches_stay_in_order_and_the_last_one_is_true(
    first: Status, changes: list[tuple[Status, float]], width: int
) -> None:
    timeline = Timeline(first, T)
    last = first
    for status, offset in changes:
        timeline.enter(status, T + offset)
        last = status
    starts = [stretch.start for stretch in timeline.stretches]
    assert starts == sorted(starts)
    assert timeline.stretches[-1].status == last
    neighbours = zip(timeline.stretches, timeline.stretches[1:], strict=False)
    assert all(one.status != other.status for one, other in neighbours)
    assert len(timeline.cells(T + 6000, width)) == width


@given(changes)
def test_learning_what_is_known_already_changes_nothing(
    changes: list[tuple[Status, float]],
) -> None:
    timeline = Timeline("working", T)
    at, last, told = T, "working", []
    for status, offset in changes:
        if status != last:
            told.append((at + abs(offset) + 1, last, status, abs(offset) + 1))
            at, last = at + abs(offset) + 1, status
            timeline.enter(status, at)
    seen = timeline.cells(at + 1, 24)
    timeline.learn(history(*told))
    assert timeline.cells(at + 1, 24) == seen
