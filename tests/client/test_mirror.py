"""A subscriber's mirror of all sessions, and the changes that pushes make to it."""

from __future__ import annotations

from typing import Any

import pytest

from acd.client.mirror import SessionChange, SessionMirror
from acd.protocol import Removed, Snapshot, Update
from acd.sessions.status import ATTENTION, CLOSED, QUESTION, WORKING, Status


def session(status: Status, since: float = 1.0, prompt: str | None = None) -> dict[str, Any]:
    return {"id": "a", "status": status, "since": since, "prompt": prompt}


@pytest.fixture
def mirror() -> SessionMirror:
    """A mirror with one working session."""
    made = SessionMirror()
    assert made.apply(Snapshot([session(WORKING)])) == []
    return made


def test_the_first_snapshot_is_no_change(mirror: SessionMirror) -> None:
    assert mirror.sessions == {"a": session(WORKING)}


def test_an_update_is_a_change_with_the_session_before_and_the_seconds(
    mirror: SessionMirror,
) -> None:
    after = session(QUESTION, 9.0)
    [change] = mirror.apply(Update("a", QUESTION, 8, after))
    assert change == SessionChange("a", session(WORKING), after, 8)


def test_a_new_session_has_no_session_before(mirror: SessionMirror) -> None:
    new = {**session(WORKING), "id": "b"}
    assert mirror.apply(Update("b", WORKING, 0, new)) == [SessionChange("b", None, new, None)]


def test_an_update_that_only_confirms_a_status_is_no_change(mirror: SessionMirror) -> None:
    assert mirror.apply(Update("a", WORKING, 3, session(WORKING))) == []


def test_the_same_status_set_again_is_a_change(mirror: SessionMirror) -> None:
    assert len(mirror.apply(Update("a", WORKING, 3, session(WORKING, 4.0)))) == 1


def test_another_prompt_in_the_same_status_is_a_change(mirror: SessionMirror) -> None:
    assert len(mirror.apply(Update("a", WORKING, 3, session(WORKING, prompt="now?")))) == 1


def test_a_removed_session_is_one_change(mirror: SessionMirror) -> None:
    assert mirror.apply(Removed("a")) == [SessionChange("a", session(WORKING), None, None)]
    assert mirror.apply(Removed("a")) == []


def test_a_later_snapshot_brings_the_missed_changes_oldest_first(mirror: SessionMirror) -> None:
    late, early = session(CLOSED, 9.0), {**session(ATTENTION, 5.0), "id": "b"}
    changes = mirror.apply(Snapshot([late, early]))
    assert [(each.session_id, each.elapsed) for each in changes] == [("b", None), ("a", None)]


def test_a_later_snapshot_without_news_is_no_change(mirror: SessionMirror) -> None:
    assert mirror.apply(Snapshot([{**session(WORKING), "elapsed": 99}])) == []


def test_a_session_that_a_later_snapshot_lacks_is_removed(mirror: SessionMirror) -> None:
    assert mirror.apply(Snapshot([])) == [SessionChange("a", session(WORKING), None, None)]


def test_a_mirror_that_reports_all_also_reports_a_first_snapshot_and_other_fields() -> None:
    mirror = SessionMirror(reports_all=True)
    first, used = session(WORKING), {**session(WORKING), "api_usage": {}}
    assert mirror.apply(Snapshot([first])) == [SessionChange("a", None, first, None)]
    assert mirror.apply(Update("a", WORKING, 3, used)) == [SessionChange("a", first, used, 3)]
    assert mirror.apply(Snapshot([used])) == [SessionChange("a", used, used, None)]
