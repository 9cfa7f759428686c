"""The fields of a session's row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.sessions.values import NS
from testing.dashboard.models import model_of
from testing.dashboard.wire import NOW, WALL, later, session, state, update


def test_an_age_grows_with_the_boot_clock() -> None:
    model = model_of(state(session("a", waited=10)))
    hour_back = later(5)._replace(wall=NOW.wall - 3600 * NS)
    assert model.rows["a"].seconds(hour_back) == 15


def test_an_age_is_the_daemons_after_the_wall_clock_was_set() -> None:
    wire = session("a", waited=10) | {"since": WALL + 5000}
    assert model_of(state(wire)).rows["a"].seconds(NOW) == 10


def test_an_age_has_fractions_of_seconds_if_the_clocks_agree() -> None:
    wire = session("a", waited=10.75)
    assert model_of(state(wire)).rows["a"].seconds(NOW) == pytest.approx(10.75)


def test_the_home_directory_is_a_tilde() -> None:
    model = model_of(state(session("a", working_dir="/home/dev/src")))
    assert model.rows["a"].directory == "~/src"


def test_a_directory_on_another_host_starts_with_the_host() -> None:
    model = model_of(state(session("a", working_dir="/home/dev/src", host="far\x1b")))
    assert model.rows["a"].directory == r"far\x1b:/home/dev/src"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_all_texts_of_a_row_are_printable(name: str, prompt: str, path: str) -> None:
    row = model_of(
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
    for text in (row.name, row.label, row.prompt, row.directory, row.language_model):
        visible = text.replace("\u200c", "").replace("\u200d", "")
        assert visible.isprintable()


def test_a_working_session_keeps_its_last_text() -> None:
    model = model_of(state(session("a", "question", prompt="Bash: make")))
    model.apply(update("a", "working", later(1)), later(1))
    assert (model.rows["a"].prompt, model.rows["a"].prompt_is_old) == ("Bash: make", True)
    model.apply(update("a", "attention", later(2), prompt="Done."), later(2))
    assert (model.rows["a"].prompt, model.rows["a"].prompt_is_old) == ("Done.", False)


def test_a_session_that_needs_the_user_has_no_text_of_an_earlier_status() -> None:
    model = model_of(state(session("a", "question", prompt="Bash: make")))
    model.apply(update("a", "attention", later(1)), later(1))
    assert model.rows["a"].prompt == ""


USAGE_KEYS = [
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


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.dictionaries(
            st.sampled_from(USAGE_KEYS),
            inner,
            max_size=5,
        ),
        max_leaves=8,
    ).filter(lambda value: isinstance(value, dict))
)
def test_any_usage_makes_a_row(usage: dict[str, object]) -> None:
    row = model_of(state(session("x", api_usage=usage))).rows["x"]
    assert row.context_percent is None or row.context_percent >= 0
    assert row.cost is None or row.cost >= 0


def test_model_context_and_cost_are_read_from_claude_codes_status_line() -> None:
    usage = {
        "model": {"id": "claude-opus-5-5", "display_name": "Opus 5.5"},
        "context_window": {"used_percentage": 41.6},
        "cost": {"total_cost_usd": 1.25},
    }
    row = model_of(state(session("x", api_usage=usage))).rows["x"]
    assert (row.language_model, row.context_percent, row.cost) == ("Opus 5.5", 42, 1.25)


def test_model_context_and_cost_are_read_from_plain_values() -> None:
    usage = {"model": "gpt", "context_used_percentage": 7, "cost_usd": 0.5}
    row = model_of(state(session("x", api_usage=usage))).rows["x"]
    assert (row.language_model, row.context_percent, row.cost) == ("gpt", 7, 0.5)
