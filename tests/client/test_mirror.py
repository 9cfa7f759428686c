"""What a subscriber knows, and what it is told has changed."""

from __future__ import annotations

from typing import Any

import pytest

from acd.client.mirror import SessionChange, SessionMirror
from acd.protocol import Removed, State, Update
from acd.sessions.status import ATTENTION, CLOSED, QUESTION, WORKING, Status


def session(status: Status, since: float = 1.0, prompt: str | None = None) -> dict[str, Any]:
    return {"id": "a", "status": status, "since": since, "prompt": prompt}


@pytest.fixture
def picture() -> SessionMirror:
    """One that knows a session that works."""
    made = SessionMirror()
    assert made.apply(State([session(WORKING)])) == []
    return made


def test_how_things_are_at_first_is_no_change(picture: SessionMirror) -> None:
    assert picture.sessions == {"a": session(WORKING)}


def test_an_update_tells_what_it_was_and_for_how_long(picture: SessionMirror) -> None:
    after = session(QUESTION, 9.0)
    [told] = picture.apply(Update("a", QUESTION, 8, after))
    assert told == SessionChange("a", session(WORKING), after, 8)


def test_a_new_session_was_nothing_before(picture: SessionMirror) -> None:
    new = {**session(WORKING), "id": "b"}
    assert picture.apply(Update("b", WORKING, 0, new)) == [SessionChange("b", None, new, None)]


def test_an_update_that_only_confirms_is_no_change(picture: SessionMirror) -> None:
    assert picture.apply(Update("a", WORKING, 3, session(WORKING))) == []


def test_the_same_status_set_again_is_told(picture: SessionMirror) -> None:
    assert len(picture.apply(Update("a", WORKING, 3, session(WORKING, 4.0)))) == 1


def test_another_question_in_the_same_status_is_told(picture: SessionMirror) -> None:
    assert len(picture.apply(Update("a", WORKING, 3, session(WORKING, prompt="now?")))) == 1


def test_a_removed_session_is_told_once(picture: SessionMirror) -> None:
    assert picture.apply(Removed("a")) == [SessionChange("a", session(WORKING), None, None)]
    assert picture.apply(Removed("a")) == []


def test_a_later_state_tells_what_was_missed_in_the_order_in_which_it_happened(
    picture: SessionMirror,
) -> None:
    late, early = session(CLOSED, 9.0), {**session(ATTENTION, 5.0), "id": "b"}
    told = picture.apply(State([late, early]))
    assert [(each.session_id, each.elapsed) for each in told] == [("b", None), ("a", None)]


def test_a_later_state_with_nothing_new_tells_nothing(picture: SessionMirror) -> None:
    assert picture.apply(State([{**session(WORKING), "elapsed": 99}])) == []


def test_a_session_that_a_later_state_lacks_is_gone(picture: SessionMirror) -> None:
    assert picture.apply(State([])) == [SessionChange("a", session(WORKING), None, None)]
