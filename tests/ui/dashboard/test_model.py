"""Messages in, rows out: who is shown, in which order, under which name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.protocol import Message, Ok, Update
from acd.sessions.status import STATUSES
from acd.sessions.values import NS
from acd.ui.dashboard.model import ORDERS, ClosedDivider, Model
from acd.ui.dashboard.rows import Row
from testing.dashboard.wire import NOW, WALL, later, removed, session, state, update


def model(*messages: Message, home: str | None = "/home/dev") -> Model:
    made = Model(home)
    for message in messages:
        made.apply(message, NOW)
    return made


def shown(model: Model) -> list[str]:
    """The ids of the lines; `-` and the count for the fold."""
    return [line.id if isinstance(line, Row) else f"-{line.closed}" for line in model.view().lines]


def labels(model: Model) -> dict[str, str]:
    model.view()
    return {row.id: row.label for row in model.rows.values()}


# Order -----------------------------------------------------------------------


def test_who_needs_you_comes_first_and_the_longest_waiting_first_among_them() -> None:
    made = model(
        state(
            session("w", "working", waited=900),
            session("a-short", "attention", waited=10),
            session("q-short", "question", waited=5),
            session("a-long", "attention", waited=100),
            session("q-long", "question", waited=50),
        )
    )
    assert shown(made) == ["q-long", "q-short", "a-long", "a-short", "w"]


def test_closed_sessions_are_folded_below_the_others() -> None:
    made = model(state(session("c", "closed"), session("w")))
    assert shown(made) == ["w", "-1"]


def test_unfolded_the_last_closed_one_comes_first() -> None:
    made = model(
        state(session("c1", "closed", waited=9), session("c2", "closed", waited=3), session("w"))
    )
    made.shows_closed = True
    assert shown(made) == ["w", "-2", "c2", "c1"]
    assert made.view().lines[1] == ClosedDivider(2, True)


def test_sorting_goes_round_through_all_orders() -> None:
    made = model()
    seen = [made.next_order() for _ in ORDERS]
    assert sorted(seen) == sorted(ORDERS)
    assert made.order == "need"


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
    made = model(
        state(
            session("a", waited=1, working_dir="/z/Alpha"),
            session("b", waited=100, working_dir="/y/beta"),
            session("q", "question", waited=50, working_dir="/x/gamma"),
        )
    )
    made.order = order
    assert shown(made) == ids


# What is told ----------------------------------------------------------------


def test_an_update_moves_a_session_to_its_new_place() -> None:
    made = model(state(session("a", "attention"), session("w")))
    made.apply(update("w", "question", NOW), NOW)
    assert shown(made) == ["w", "a"]


def test_a_session_that_nobody_told_of_appears_with_its_first_update() -> None:
    made = model(state())
    made.apply(update("new", "working", NOW), NOW)
    assert shown(made) == ["new"]
    assert made.wanting_history() == []


def test_a_removed_session_is_gone() -> None:
    made = model(state(session("a"), session("b")), removed("a"), removed("never-there"))
    assert shown(made) == ["b"]


def test_a_new_picture_replaces_the_old_one() -> None:
    made = model(state(session("a"), session("b")), state(session("b"), session("c")))
    assert sorted(shown(made)) == ["b", "c"]


def test_what_it_does_not_know_changes_nothing() -> None:
    made = model(state(session("a")), Ok(""), Update("a", STATUSES["closed"], 0, None))
    assert shown(made) == ["a"]


def test_counts_are_of_all_sessions_whatever_is_shown() -> None:
    made = model(state(session("q", "question"), session("a", "attention"), session("c", "closed")))
    made.filter = "nothing has this"
    view = made.view()
    assert (view.needing, view.counts["closed"], view.hidden) == (2, 1, 3)


# Ages ------------------------------------------------------------------------


def test_an_age_grows_with_the_clock_that_neither_jumps_nor_stops() -> None:
    made = model(state(session("a", waited=10)))
    hour_back = later(5)._replace(wall=NOW.wall - 3600 * NS)
    assert made.rows["a"].seconds(hour_back) == 15


def test_an_age_is_the_daemons_when_the_wall_clock_was_set_since() -> None:
    told = session("a", waited=10) | {"since": WALL + 5000}
    assert model(state(told)).rows["a"].seconds(NOW) == 10


def test_an_age_is_more_than_whole_seconds_where_the_clocks_agree() -> None:
    told = session("a", waited=10.75)
    assert model(state(told)).rows["a"].seconds(NOW) == pytest.approx(10.75)


# Timelines -------------------------------------------------------------------


def test_the_past_of_the_first_picture_is_asked_for_first_of_those_who_need_you() -> None:
    made = model(state(session("w"), session("q", "question")))
    assert made.wanting_history() == ["q", "w"]


def test_what_was_learned_is_not_asked_for_again() -> None:
    made = model(state(session("w")))
    made.learn("w", [])
    made.learn("never-there", [])
    assert made.wanting_history() == []


def test_after_a_lost_connection_only_what_has_changed_is_asked_for() -> None:
    made = model(state(session("same", waited=60), session("moved", waited=60)))
    for each in ("same", "moved"):
        made.learn(each, [])
    made.apply(state(session("same", waited=60), session("moved", waited=5)), NOW)
    assert made.wanting_history() == ["moved"]


def test_live_updates_draw_the_timeline_on() -> None:
    made = model(state(session("a", waited=1800)))
    made.apply(update("a", "question", later(1)), later(1))
    cells = made.rows["a"].timeline.cells(WALL + 1800, 6)
    assert cells[0] == "working"
    assert cells[-1] == "question"


# Names -----------------------------------------------------------------------


def test_a_session_is_named_after_its_directory() -> None:
    assert labels(model(state(session("a", working_dir="/home/dev/api")))) == {"a": "api"}


def test_two_of_one_basename_are_told_apart_by_their_directories() -> None:
    made = model(
        state(
            session("1", working_dir="/home/dev/work/api"),
            session("2", working_dir="/home/dev/play/api"),
            session("3", working_dir="/home/dev/web"),
        )
    )
    assert labels(made) == {"1": "work/api", "2": "play/api", "3": "web"}


def test_as_much_of_a_directory_is_shown_as_tells_it_apart() -> None:
    made = model(
        state(
            session("1", working_dir="/srv/a/src/api"), session("2", working_dir="/srv/b/src/api")
        )
    )
    assert labels(made) == {"1": "a/src/api", "2": "b/src/api"}


def test_two_in_one_directory_are_told_apart_by_their_ids() -> None:
    made = model(
        state(session("abcd1", working_dir="/x/api"), session("abcd2", working_dir="/x/api"))
    )
    assert labels(made) == {"abcd1": "api #abcd1", "abcd2": "api #abcd2"}


def test_two_of_a_given_name_are_told_apart_by_their_ids() -> None:
    made = model(
        state(
            session("1", working_dir="/x/a", display_name="mine"),
            session("2", working_dir="/x/b", display_name="mine"),
        )
    )
    assert labels(made) == {"1": "mine #1", "2": "mine #2"}


def test_a_home_is_a_tilde() -> None:
    made = model(state(session("a", working_dir="/home/dev/src")))
    assert made.rows["a"].directory == "~/src"


def test_a_directory_of_another_machine_is_written_with_its_name() -> None:
    made = model(state(session("a", working_dir="/home/dev/src", host="far\x1b")))
    assert made.rows["a"].directory == r"far\x1b:/home/dev/src"


names = st.sampled_from(["/a/api", "/b/api", "/a/b/api", "/api", "api", "/a/api/", "/web", None])
ids = st.text(alphabet="abc#/", min_size=1, max_size=6)


@given(st.dictionaries(ids, st.tuples(names, st.sampled_from(["api", "a/api", None])), max_size=12))
def test_no_two_sessions_have_the_same_label(
    told: dict[str, tuple[str | None, str | None]],
) -> None:
    sessions = []
    for session_id, (directory, name) in told.items():
        one = session(session_id, working_dir=directory)
        sessions.append(one | ({"display_name": name} if name else {}))
    found = labels(model(state(*sessions)))
    assert len(set(found.values())) == len(found)


# Filters ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["API", "quest", "src/shop", "git push", "opus", "claude", "id-1", "git quest api"]
)
def test_a_filter_finds(words: str) -> None:
    made = model(
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
    made.filter = words
    assert "id-1" in shown(made)


def test_a_filter_wants_all_its_words() -> None:
    made = model(state(session("a", prompt="git push"), session("b", prompt="git pull")))
    made.filter = "git push"
    assert shown(made) == ["a"]


def test_a_filter_looks_among_the_closed_ones_too() -> None:
    made = model(state(session("c1", "closed"), session("c2", "closed"), session("w")))
    made.filter = "c1"
    assert shown(made) == ["-1"]


# Foreign text ----------------------------------------------------------------


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_nothing_of_a_row_can_act_on_a_terminal(name: str, prompt: str, path: str) -> None:
    row = model(
        state(
            session(
                "x",
                working_dir=f"/{path}",
                display_name=name,
                prompt=prompt,
                api_usage={"model": name},
            )
        )
    ).rows["x"]
    for text in (row.name, row.label, row.prompt, row.directory, row.model):
        visible = text.replace("\u200c", "").replace("\u200d", "")
        assert visible.isprintable()


_USAGE_KEYS = [
    "model",
    "display_name",
    "id",
    "context_window",
    "used_percentage",
    "cost",
    "total_cost_usd",
    "context_used_percentage",
    "cost_usd",
]


def test_a_session_that_goes_on_keeps_what_it_said_last() -> None:
    made = model(state(session("a", "question", prompt="Bash: make")))
    made.apply(update("a", "working", later(1)), later(1))
    assert (made.rows["a"].prompt, made.rows["a"].prompt_is_old) == ("Bash: make", True)
    made.apply(update("a", "attention", later(2), prompt="Done."), later(2))
    assert (made.rows["a"].prompt, made.rows["a"].prompt_is_old) == ("Done.", False)


def test_who_needs_you_says_nothing_that_it_does_not_say_now() -> None:
    made = model(state(session("a", "question", prompt="Bash: make")))
    made.apply(update("a", "attention", later(1)), later(1))
    assert made.rows["a"].prompt == ""


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.dictionaries(
            st.sampled_from(
                [
                    "model",
                    "display_name",
                    "id",
                    "context_window",
                    "used_percentage",
                    "cost",
                    "total_cost_usd",
                    "context_used_percentage",
                    "cost_usd",
                ]
            ),
            inner,
            max_size=5,
        ),
        max_leaves=8,
    ).filter(lambda value: isinstance(value, dict))
)
def test_whatever_an_agent_says_of_its_usage_a_row_can_be_made(usage: dict[str, object]) -> None:
    row = model(state(session("x", api_usage=usage))).rows["x"]
    assert row.context is None or row.context >= 0
    assert row.cost is None or row.cost >= 0


def test_model_context_and_cost_are_read_as_claude_codes_status_line_tells_them() -> None:
    usage = {
        "model": {"id": "claude-opus-5-5", "display_name": "Opus 5.5"},
        "context_window": {"used_percentage": 41.6},
        "cost": {"total_cost_usd": 1.25},
    }
    row = model(state(session("x", api_usage=usage))).rows["x"]
    assert (row.model, row.context, row.cost) == ("Opus 5.5", 42, 1.25)


def test_model_context_and_cost_are_read_as_plain_values() -> None:
    usage = {"model": "gpt", "context_used_percentage": 7, "cost_usd": 0.5}
    row = model(state(session("x", api_usage=usage))).rows["x"]
    assert (row.model, row.context, row.cost) == ("gpt", 7, 0.5)
