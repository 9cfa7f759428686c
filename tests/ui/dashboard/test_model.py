"""The sessions that the model lists, their order, and the filter."""

from __future__ import annotations

import pytest

from acd.protocol import Ok, Update
from acd.sessions.status import STATUSES
from acd.ui.dashboard.model import ORDERS, ClosedDivider, Model
from acd.ui.dashboard.session_row import SessionRow
from testing.dashboard.models import model_of
from testing.dashboard.wire import NOW, WALL, later, removed, session, state, update


def shown(model: Model) -> list[str]:
    """The ids of the lines; `-` and the count for the divider."""
    lines = model.content().lines
    return [line.id if isinstance(line, SessionRow) else f"-{line.closed}" for line in lines]


# Order ----------------------------------------------------------------------


def test_sessions_are_sorted_by_urgency_then_by_the_time_in_their_status() -> None:
    model = model_of(
        state(
            session("w", "working", waited=900),
            session("a-short", "attention", waited=10),
            session("q-short", "question", waited=5),
            session("a-long", "attention", waited=100),
            session("q-long", "question", waited=50),
        )
    )
    assert shown(model) == ["q-long", "q-short", "a-long", "a-short", "w"]


def test_closed_sessions_are_hidden_below_a_divider() -> None:
    model = model_of(state(session("c", "closed"), session("w")))
    assert shown(model) == ["w", "-1"]


def test_shown_closed_sessions_are_sorted_by_the_time_of_closing_newest_first() -> None:
    model = model_of(
        state(session("c1", "closed", waited=9), session("c2", "closed", waited=3), session("w"))
    )
    model.shows_closed = True
    assert shown(model) == ["w", "-2", "c2", "c1"]
    assert model.content().lines[1] == ClosedDivider(2, True)


def test_sorting_goes_round_through_all_orders() -> None:
    model = model_of()
    seen = [model.next_order() for _ in ORDERS]
    assert sorted(seen) == sorted(ORDERS)
    assert model.order == "need"


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("need", ["q", "b", "a"]),
        ("last change", ["a", "q", "b"]),
        ("name", ["a", "b", "q"]),
        ("directory", ["q", "b", "a"]),
    ],
)
def test_open_sessions_are_sorted_by(order: str, ids: list[str]) -> None:
    model = model_of(
        state(
            session("a", waited=1, working_dir="/z/Alpha"),
            session("b", waited=100, working_dir="/y/beta"),
            session("q", "question", waited=50, working_dir="/x/gamma"),
        )
    )
    model.order = order
    assert shown(model) == ids


# Messages -------------------------------------------------------------------


def test_an_update_moves_a_session_to_its_new_place() -> None:
    model = model_of(state(session("a", "attention"), session("w")))
    model.apply(update("w", "question", NOW), NOW)
    assert shown(model) == ["w", "a"]


def test_an_unknown_session_appears_with_its_first_update() -> None:
    model = model_of(state())
    model.apply(update("new", "working", NOW), NOW)
    assert shown(model) == ["new"]
    assert model.lacking_history() == []


def test_a_removed_session_is_not_listed() -> None:
    model = model_of(state(session("a"), session("b")), removed("a"), removed("never-there"))
    assert shown(model) == ["b"]


def test_a_new_snapshot_replaces_the_old_one() -> None:
    model = model_of(state(session("a"), session("b")), state(session("b"), session("c")))
    assert sorted(shown(model)) == ["b", "c"]


def test_other_messages_change_nothing() -> None:
    model = model_of(state(session("a")), Ok(""), Update("a", STATUSES["closed"], 0, None))
    assert shown(model) == ["a"]


def test_counts_include_the_sessions_that_the_filter_hides() -> None:
    model = model_of(
        state(session("q", "question"), session("a", "attention"), session("c", "closed"))
    )
    model.filter = "nothing has this"
    content = model.content()
    assert (content.needing, content.counts["closed"], content.hidden) == (2, 1, 3)


def test_histories_are_requested_after_the_first_snapshot_the_most_urgent_first() -> None:
    model = model_of(state(session("w"), session("q", "question")))
    assert model.lacking_history() == ["q", "w"]


def test_a_history_that_came_in_is_not_requested_again() -> None:
    model = model_of(state(session("w")))
    model.add_history("w", [])
    model.add_history("never-there", [])
    assert model.lacking_history() == []


def test_after_a_lost_connection_only_changed_sessions_lack_history() -> None:
    model = model_of(state(session("same", waited=60), session("moved", waited=60)))
    for each in ("same", "moved"):
        model.add_history(each, [])
    model.apply(state(session("same", waited=60), session("moved", waited=5)), NOW)
    assert model.lacking_history() == ["moved"]


def test_updates_extend_the_timeline() -> None:
    model = model_of(state(session("a", waited=1800)))
    model.apply(update("a", "question", later(1)), later(1))
    cells = model.rows["a"].timeline.cells(WALL + 1800, 6)
    assert cells[0] == "working"
    assert cells[-1] == "question"


# Filters --------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["API", "quest", "src/shop", "git push", "opus", "claude", "id-1", "git quest api"]
)
def test_a_filter_finds(words: str) -> None:
    model = model_of(
        state(
            session(
                "id-1",
                "question",
                working_dir="/home/dev/src/shop/api",
                prompt="Bash: git push",
                api_usage={"model": "Opus 5.5"},
            ),
            session("other"),
        )
    )
    model.filter = words
    assert "id-1" in shown(model)


def test_a_filter_matches_all_its_words() -> None:
    model = model_of(state(session("a", prompt="git push"), session("b", prompt="git pull")))
    model.filter = "git push"
    assert shown(model) == ["a"]


def test_a_filter_includes_closed_sessions() -> None:
    model = model_of(state(session("c1", "closed"), session("c2", "closed"), session("w")))
    model.filter = "c1"
    assert shown(model) == ["-1"]
