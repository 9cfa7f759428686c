"""One property for every pair of a status and an event: the table decides, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from acd.sessions.status import STATUSES, Status
from acd.sessions.store import SessionRules
from testing.event_scenes import STATUS_OF, Scene, contents

EVENTS = [*STATUS_OF, "SomethingNew", "Notification/something_new", "SessionStart/something_new"]

REVIVES = "SessionStart/resume"


def scenes_in(status: Status | None, *, question_as_attention: bool) -> Iterator[Scene]:
    """Every way in which a session can have come into a status, as far as it matters."""
    if status is None:
        yield Scene(question_as_attention=question_as_attention)
        return
    by_set = Scene(question_as_attention=question_as_attention)
    by_set.set("s", status)
    yield by_set
    for event, sets in STATUS_OF.items():
        if sets == status:
            by_hook = Scene(question_as_attention=question_as_attention)
            by_hook.hook(event)
            yield by_hook


def expected(before: Status | None, event: str, background: bool) -> Status | None:
    """What the documented rules say of one agent without subagents."""
    says = STATUS_OF.get(event)
    if before == "closed":
        return says if event == REVIVES else "closed"
    if says is None or (event == "Notification/idle_prompt" and background):
        return before
    return says


@pytest.mark.parametrize("folded", [False, True], ids=["four statuses", "three statuses"])
@pytest.mark.parametrize("before", [None, *STATUSES.values()], ids=str)
def test_an_event_sets_exactly_what_the_tables_say(before: Status | None, folded: bool) -> None:
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
def test_an_event_is_told_where_it_lands_and_kept_secret_where_it_does_not(before: Status) -> None:
    for event in EVENTS:
        for scene in scenes_in(before, question_as_attention=False):
            lands = before != "closed" and STATUS_OF.get(event) is not None
            scene.wait(1)
            changes = scene.hook(event)
            assert bool(changes) == (lands or event == REVIVES), f"{before}, then {event}"


def test_two_events_one_after_the_other_always_show_what_the_second_says() -> None:
    for first, second in itertools.product(EVENTS, EVENTS):
        scene = Scene()
        scene.hook(first)
        before = scene.statuses().get("s")
        background = before is not None and scene.activity().background
        scene.wait(1)
        scene.hook(second)
        assert scene.statuses().get("s") == expected(before, second, background), (first, second)


def test_the_rules_are_the_documented_defaults() -> None:
    assert SessionRules() == SessionRules(
        history_depth=50,
        retention_seconds=30 * 60,
        question_as_attention=False,
        keep_text=True,
        max_sessions=10_000,
        max_metadata=16_384,
    )
