"""Every pair of a status and an event of Claude Code, compared with the tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from acd.config import Config
from acd.sessions.rules import SessionRules
from acd.sessions.status import STATUSES, Status
from testing.event_scenes import STATUS_OF, StoreScene, contents

EVENTS = [*STATUS_OF, "SomethingNew", "Notification/something_new", "SessionStart/something_new"]

REVIVES = "SessionStart/resume"


def scenes_in(status: Status | None, *, question_as_attention: bool) -> Iterator[StoreScene]:
    """A session that a SET, or an event, brought into a status."""
    if status is None:
        yield StoreScene(question_as_attention=question_as_attention)
        return
    by_set = StoreScene(question_as_attention=question_as_attention)
    by_set.set("s", status)
    yield by_set
    for event, sets in STATUS_OF.items():
        if sets == status:
            by_hook = StoreScene(question_as_attention=question_as_attention)
            by_hook.hook(event)
            yield by_hook


def expected(before: Status | None, event: str, background: bool) -> Status | None:
    """The status by the documented rules, for an agent without subagents."""
    status = STATUS_OF.get(event)
    if before == "closed":
        return status if event == REVIVES else "closed"
    if status is None or (event == "Notification/idle_prompt" and background):
        return before
    return status


@pytest.mark.parametrize("folded", [False, True], ids=["four statuses", "three statuses"])
@pytest.mark.parametrize("before", [None, *STATUSES.values()], ids=str)
def test_an_event_sets_the_status_of_the_tables(before: Status | None, folded: bool) -> None:
    for event in EVENTS:
        for scene in scenes_in(before, question_as_attention=folded):
            background = before is not None and scene.activity().background
            after = expected(before, event, background)
            scene.wait(1)
            scene.hook(event)
            if after is None:
                assert contents(scene.store) == {}, event
                continue
            shown = "attention" if folded and after == "question" else after
            assert scene.status() == shown, f"{before}, then {event}"


@pytest.mark.parametrize("before", STATUSES.values())
def test_an_event_makes_a_change_exactly_where_it_has_a_status(before: Status) -> None:
    for event in EVENTS:
        for scene in scenes_in(before, question_as_attention=False):
            has_status = before != "closed" and STATUS_OF.get(event) is not None
            scene.wait(1)
            changes = scene.hook(event)
            assert bool(changes) == (has_status or event == REVIVES), f"{before}, then {event}"


def test_of_two_events_the_second_sets_the_status() -> None:
    for first, second in itertools.product(EVENTS, EVENTS):
        scene = StoreScene()
        scene.hook(first)
        before = scene.statuses().get("s")
        background = before is not None and scene.activity().background
        scene.wait(1)
        scene.hook(second)
        assert scene.statuses().get("s") == expected(before, second, background), (first, second)


def test_the_rules_are_the_documented_defaults() -> None:
    assert (
        SessionRules()
        == Config().rules()
        == SessionRules(
            history_depth=50,
            retention_seconds=30 * 60,
            question_as_attention=False,
            keep_text=True,
            max_sessions=10_000,
            max_metadata=16_384,
        )
    )
