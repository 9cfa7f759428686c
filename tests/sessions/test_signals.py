"""The table over (activity, signal): every pair, and how agents and old records reach it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import get_args

import pytest

from acd.agents.agent import Agent
from acd.agents.catalog import AGENTS, TRANSLATOR
from acd.sessions.events import HookEvent
from acd.sessions.signals import (
    EFFECTS,
    HOOK,
    HOOK_EFFECTS,
    OBSERVER,
    OPEN,
    SIGNALS,
    WITH_STATUS,
    Observation,
    Signal,
    SignalKind,
    Source,
)
from acd.sessions.status import STATUSES, Status
from acd.sessions.values import Json
from testing.event_scenes import StoreScene

KINDS: list[SignalKind] = list(SIGNALS)
SOURCES: tuple[Source, ...] = get_args(Source)


def event_with(signal: Signal) -> HookEvent:
    """An event of no known agent, with any signal."""
    record = {"agent": "any", "session": "s", "name": "Any"}
    return HookEvent.from_record(record, TRANSLATOR)._replace(signal=signal)


def apply(scene: StoreScene, source: Source, signal: Signal) -> None:
    scene.wait(1)
    if source == HOOK:
        scene.store.apply_hook(event_with(signal), scene.now)
    else:
        observation = Observation(source, signal.kind, "word", scene.now.wall)
        scene.store.apply_observation("s", observation, scene.now)


def scenes_in(activity: Status) -> Iterator[StoreScene]:
    """A session that a SET, or a hook's signal, brought into the activity."""
    by_set = StoreScene()
    by_set.set("s", activity)
    yield by_set
    for kind in KINDS:
        if Signal(kind).status == activity:
            by_hook = StoreScene()
            apply(by_hook, HOOK, Signal(kind))
            yield by_hook


@pytest.mark.parametrize("activity", STATUSES.values())
@pytest.mark.parametrize(("source", "kind"), list(itertools.product(SOURCES, KINDS)))
def test_a_signal_changes_an_activity_as_in_the_table(
    source: Source, kind: SignalKind, activity: Status
) -> None:
    for scene in scenes_in(activity):
        apply(scene, source, Signal(kind))
        assert scene.status() == EFFECTS.get((source, kind), {}).get(activity, activity)


@pytest.mark.parametrize("status", STATUSES.values())
@pytest.mark.parametrize("kind", HOOK_EFFECTS)
def test_another_effect_of_a_hooks_signal_is_its_outcome_in_every_activity(
    kind: SignalKind, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HOOK_EFFECTS, kind, status)
    for activity in OPEN:
        scene = StoreScene()
        scene.set("s", activity)
        apply(scene, HOOK, Signal(kind))
        assert scene.status() == status


@pytest.mark.parametrize("status", STATUSES.values())
@pytest.mark.parametrize("activity", OPEN)
@pytest.mark.parametrize("row", [row for row in EFFECTS if row[0] != HOOK])
def test_another_cell_of_the_table_is_the_outcome_of_its_activity_and_signal(
    row: tuple[Source, SignalKind],
    activity: Status,
    status: Status,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(EFFECTS[row], activity, status)
    scene = StoreScene()
    scene.set("s", activity)
    source, kind = row
    apply(scene, source, Signal(kind))
    assert scene.status() == status


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_hook_signal_creates_a_session_unless_it_sets_no_status(
    kind: SignalKind,
) -> None:
    scene = StoreScene()
    apply(scene, HOOK, Signal(kind))
    status = Signal(kind).status
    assert scene.statuses() == ({} if status is None else {"s": status})


@pytest.mark.parametrize("kind", KINDS)
def test_an_observation_of_an_unknown_session_creates_none(kind: SignalKind) -> None:
    scene = StoreScene()
    apply(scene, OBSERVER, Signal(kind))
    assert scene.statuses() == {}


def test_only_a_resumed_start_reopens_a_closed_session() -> None:
    for resumed in (False, True):
        scene = StoreScene()
        scene.set("s", "closed")
        apply(scene, HOOK, Signal("STARTED", resumed=resumed))
        assert scene.status() == ("attention" if resumed else "closed")


@pytest.mark.parametrize("activity", [status for status in STATUSES.values() if status != "closed"])
def test_a_turn_that_ended_with_background_tasks_is_working(activity: Status) -> None:
    for scene in scenes_in(activity):
        apply(scene, HOOK, Signal("TURN_ENDED", background=True))
        assert scene.status() == "working"


# The vocabulary -------------------------------------------------------------


def test_every_kind_of_signal_has_a_meaning_in_the_docs() -> None:
    assert tuple(KINDS) == get_args(SignalKind)


@pytest.mark.parametrize("agent", AGENTS.values(), ids=lambda agent: agent.name)
def test_every_signal_of_an_agent_has_a_row_for_its_source(agent: Agent) -> None:
    events = {signal.kind for signal in agent.events.values()}
    assert all((HOOK, kind) in EFFECTS for kind in events - {"NONE"})
    words = set(agent.observations.values())
    assert all((OBSERVER, kind) in EFFECTS for kind in words - {"SHELL"})


def test_no_two_observers_give_a_word_two_meanings() -> None:
    # The record of an observation does not name the agent.
    meanings = {item for agent in AGENTS.values() for item in agent.observations.items()}
    assert len(meanings) == len({word for word, _ in meanings})


# Records of other versions --------------------------------------------------


def recorded(**fields: object) -> HookEvent:
    record: Json = {"agent": "claude-code", "session": "s", "name": "Stop", **fields}
    return HookEvent.from_record(record, TRANSLATOR)


@pytest.mark.parametrize("status", [None, *STATUSES.values()], ids=str)
@pytest.mark.parametrize("agent", ["claude-code", "codex", "an agent of a later version"])
@pytest.mark.parametrize("name", ["Stop", "SomethingNew"])
def test_a_record_sets_its_own_status_although_the_table_has_changed(
    status: Status | None, agent: str, name: str
) -> None:
    event = recorded(agent=agent, name=name, **({"status": status} if status else {}))
    assert event.status == status
    assert HookEvent.from_record(event.to_record(), TRANSLATOR) == event


def test_a_record_with_the_tables_status_has_the_tables_signal() -> None:
    assert recorded(status="attention").signal == Signal("TURN_ENDED")
    assert recorded(kind="background", status="working").signal.background
    assert WITH_STATUS["attention"] != Signal("TURN_ENDED")


def test_the_record_of_a_subagent_that_continues_ends_its_question() -> None:
    scene = StoreScene()
    scene.hook("Stop")
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.store.apply_hook(recorded(name="SubagentStop", subagent="a1"), scene.now)
    assert scene.status() == "question"
    goes_on = recorded(name="SubagentStop", subagent="a1", goes_on=True)
    scene.store.apply_hook(goes_on, scene.now)
    assert scene.status() == "attention"
