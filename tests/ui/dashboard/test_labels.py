"""Unique labels of sessions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acd.ui.dashboard.model import Model
from testing.dashboard.models import model_of
from testing.dashboard.wire import session, state


def labels_of(model: Model) -> dict[str, str]:
    return {row.id: row.label for row in model.rows.values()}


def test_a_session_is_named_after_its_directory() -> None:
    assert labels_of(model_of(state(session("a", working_dir="/home/dev/api")))) == {"a": "api"}


def test_sessions_with_the_same_name_get_different_ends_of_their_directories() -> None:
    model = model_of(
        state(
            session("1", working_dir="/home/dev/shop/api"),
            session("2", working_dir="/home/dev/play/api"),
            session("3", working_dir="/home/dev/web"),
        )
    )
    assert labels_of(model) == {"1": "shop/api", "2": "play/api", "3": "web"}


def test_an_end_of_a_directory_is_as_long_as_needed() -> None:
    model = model_of(
        state(
            session("1", working_dir="/srv/a/src/api"), session("2", working_dir="/srv/b/src/api")
        )
    )
    assert labels_of(model) == {"1": "a/src/api", "2": "b/src/api"}


def test_sessions_in_the_same_directory_get_their_ids() -> None:
    model = model_of(
        state(session("abcd1", working_dir="/x/api"), session("abcd2", working_dir="/x/api"))
    )
    assert labels_of(model) == {"abcd1": "api #abcd1", "abcd2": "api #abcd2"}


def test_sessions_with_the_same_given_name_get_their_ids() -> None:
    model = model_of(
        state(
            session("1", working_dir="/x/a", display_name="mine"),
            session("2", working_dir="/x/b", display_name="mine"),
        )
    )
    assert labels_of(model) == {"1": "mine #1", "2": "mine #2"}


names = st.sampled_from(["/a/api", "/b/api", "/a/b/api", "/api", "api", "/a/api/", "/web", None])
ids = st.text(alphabet="abc#/", min_size=1, max_size=6)


@given(st.dictionaries(ids, st.tuples(names, st.sampled_from(["api", "a/api", None])), max_size=12))
def test_no_two_sessions_have_the_same_label(
    sessions: dict[str, tuple[str | None, str | None]],
) -> None:
    wire = []
    for session_id, (directory, name) in sessions.items():
        one = session(session_id, working_dir=directory)
        wire.append(one | ({"display_name": name} if name else {}))
    found = labels_of(model_of(state(*wire)))
    assert len(set(found.values())) == len(found)
