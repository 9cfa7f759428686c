"""The order of signals: by their own times, unless a clock is wrong."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.sessions.values import NS, Now
from testing.event_scenes import StoreScene, event_of

# Hooks ----------------------------------------------------------------------


def test_an_event_that_was_overtaken_changes_nothing() -> None:
    scene = StoreScene()
    before = scene.now
    scene.wait(1)
    scene.hook("Stop", last_assistant_message="done")
    scene.wait(1)
    assert scene.hook("PostToolUse", at=before) == []
    assert (scene.status(), scene.session().prompt) == ("attention", "done")


def test_the_evidence_log_holds_by_how_much_an_event_was_late() -> None:
    scene = StoreScene()
    before = scene.now
    scene.wait(1.5)
    scene.hook("Stop")
    scene.hook("PostToolUse", at=before)
    entry = (scene.session().evidence_log or [])[-1]
    assert (entry.what, entry.outcome) == (
        "PostToolUse",
        "no change: 1.500 s older than the newest",
    )


def test_of_two_events_at_the_same_time_the_one_that_arrives_last_counts() -> None:
    scene = StoreScene()
    scene.hook("Stop")
    scene.hook("PreToolUse")
    assert scene.status() == "working"


def test_an_event_without_a_time_happens_when_it_arrives() -> None:
    scene = StoreScene()
    scene.store.apply_hook(event_of("Stop"), scene.now)
    past = scene.now
    scene.wait(1)
    scene.store.apply_hook(event_of("PreToolUse"), scene.now)
    scene.hook("Stop", at=past)
    assert scene.status() == "working"


def test_an_event_without_a_status_does_not_void_an_older_one() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    scene.wait(1)
    stopped = scene.now
    scene.wait(1)
    scene.hook("SubagentStart", agent_id="a1")
    scene.hook("SomethingNew")
    scene.hook("Stop", at=stopped)
    assert scene.status() == "attention"


def test_each_session_has_an_order_of_its_own() -> None:
    scene = StoreScene()
    past = scene.now
    scene.wait(1)
    scene.hook("Stop", "one")
    scene.hook("UserPromptSubmit", "two", at=past)
    assert scene.statuses() == {"one": "attention", "two": "working"}


# Agents of one session, side by side ----------------------------------------


@pytest.mark.parametrize("asker, other", [({"agent_id": "a1"}, {}), ({}, {"agent_id": "a1"})])
def test_a_question_that_another_agents_event_overtook_is_open(
    asker: dict[str, Any], other: dict[str, Any]
) -> None:
    scene = StoreScene()
    scene.hook("PreToolUse", **asker)
    scene.wait(1)
    asked = scene.now
    scene.wait(1)
    scene.hook("PostToolUse", **other)
    scene.hook("PermissionRequest/Bash", at=asked, **asker)
    assert scene.status() == "question"


def test_an_answer_that_the_main_agents_stop_overtook_closes_the_question() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.wait(1)
    answered = scene.now
    scene.wait(1)
    scene.hook("Stop", last_assistant_message="done")
    scene.hook("PostToolUse", agent_id="a1", at=answered)
    assert (scene.status(), scene.session().prompt) == ("attention", "done")


def test_a_subagents_question_from_before_the_start_is_not_open() -> None:
    scene = StoreScene()
    asked = scene.now
    scene.wait(1)
    scene.hook("SessionStart/startup")
    scene.hook("PermissionRequest/Bash", agent_id="a1", at=asked)
    assert scene.status() == "attention"


def test_a_notification_that_an_answer_overtook_opens_no_question() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.wait(1)
    reminded = scene.now
    scene.wait(1)
    scene.hook("PostToolUse", agent_id="a1")
    scene.hook("Notification/permission_prompt", at=reminded)
    assert scene.status() == "working"


def test_a_session_is_closed_by_its_end_that_arrives_after_a_later_event_of_a_subagent() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    scene.wait(1)
    ended = scene.now
    scene.wait(1)
    scene.hook("PostToolUse", agent_id="a1")
    scene.hook("SessionEnd/other", at=ended)
    assert scene.status() == "closed"


_SUBAGENTS: Final = ["PreToolUse", "PermissionRequest/Bash", "PostToolUse", "SubagentStop"]
_MAIN: Final = [*_SUBAGENTS[:3], "Stop", "Stop/background", "StopFailure"]


@given(st.data())
def test_however_late_the_hooks_of_one_agent_are_the_outcome_is_the_same(
    data: st.DataObject,
) -> None:
    scene = StoreScene()
    pending: dict[str, list[tuple[str, str, Now]]] = {"": [], "a1": [], "a2": []}
    in_time = []
    for _ in range(data.draw(st.integers(1, 12))):
        scene.wait(1)
        subagent = data.draw(st.sampled_from(list(pending)))
        event = data.draw(st.sampled_from(_SUBAGENTS if subagent else _MAIN))
        in_time.append((subagent, event, scene.now))
        pending[subagent].append(in_time[-1])
    late = []
    while any(pending.values()):
        subagent = data.draw(st.sampled_from([name for name, left in pending.items() if left]))
        late.append(pending[subagent].pop(0))
    outcomes = []
    for order in (in_time, late):
        scene = StoreScene()
        scene.hook("UserPromptSubmit")
        scene.wait(100)
        for subagent, event, at in order:
            agent: dict[str, Any] = {"agent_id": subagent} if subagent else {}
            scene.hook(event, at=at, **agent)
        outcomes.append((scene.status(), set(scene.activity().questions)))
    assert outcomes[0] == outcomes[1]


# Clocks that differ, and jump -----------------------------------------------


def test_an_event_from_the_future_does_not_make_later_events_stale() -> None:
    scene = StoreScene()
    ahead = scene.now._replace(wall=scene.now.wall + 3600 * NS)
    scene.hook("Stop", at=ahead)
    scene.wait(1)
    scene.hook("UserPromptSubmit")
    assert scene.status() == "working"


def test_after_the_clock_was_set_back_the_next_event_is_applied() -> None:
    scene = StoreScene()
    scene.hook("Stop")
    scene.step_wall_clock(-3600)
    scene.wait(1)
    scene.hook("UserPromptSubmit")
    assert scene.status() == "working"


def test_after_the_clock_was_set_back_order_holds_again() -> None:
    scene = StoreScene()
    scene.hook("Stop")
    scene.step_wall_clock(-3600)
    past = scene.now
    scene.wait(1)
    scene.hook("UserPromptSubmit")
    scene.hook("Stop", at=past)
    assert scene.status() == "working"


def test_after_the_clock_was_set_forward_order_holds() -> None:
    scene = StoreScene()
    past = scene.now
    scene.step_wall_clock(3600)
    scene.hook("UserPromptSubmit")
    scene.hook("Stop", at=past)
    assert scene.status() == "working"


# Observations beside the hooks ----------------------------------------------

_TOOLS: Final = [
    ["PreToolUse", "PostToolUse"],
    ["PreToolUse", "PermissionRequest/Bash", "PostToolUse"],
    ["PreToolUse", "PermissionRequest/Bash", "Notification/permission_prompt", "PostToolUse"],
    ["PreToolUse/AskUserQuestion", "PermissionRequest/AskUserQuestion"],  # Esc
]
_WORDS: Final = ["busy", "idle", "asking", "waiting", "shell"]

Signalled = tuple[str, str, Now]


@st.composite
def _recordings(draw: st.DrawFn) -> tuple[list[Signalled], list[Signalled]]:
    """The signals of one agent's hooks and of its observer, each in the order of their times.

    The hooks' events are as the client sends them, up to some moment; the
    observer may report any word at any time.
    """
    events = []
    for _ in range(draw(st.integers(1, 3))):
        tools = draw(st.lists(st.sampled_from(_TOOLS), max_size=3))
        events += ["UserPromptSubmit", *(event for tool in tools for event in tool), "Stop"]
    scene = StoreScene()
    hooks: list[Signalled] = []
    words: list[Signalled] = []
    for event in events[: draw(st.integers(1, len(events)))]:
        hooks.append(("hook", event, scene.now))
        scene.wait(1)
        for word in draw(st.lists(st.sampled_from(_WORDS), max_size=2)):
            words.append(("registry", word, scene.now))
            scene.wait(1)
    return hooks, words


def _status_after(order: list[Signalled]) -> str:
    scene = StoreScene()
    scene.wait(100)
    # The first event creates the session: before it there is nothing to correct.
    for source, what, at in order:
        if source == "hook":
            scene.hook(what, at=at)
        else:
            scene.observe("registry", what, at=at)
    return scene.status()


@given(_recordings(), st.data())
def test_however_the_two_sources_interleave_the_outcome_is_the_same(
    recording: tuple[list[Signalled], list[Signalled]], data: st.DataObject
) -> None:
    (first, *hooks), words = recording
    order = [first]
    in_time = sorted([*hooks, *words], key=lambda signal: signal[2].wall)
    while hooks or words:
        source = data.draw(st.sampled_from([each for each in (hooks, words) if each]))
        order.append(source.pop(0))
    assert _status_after(order) == _status_after([first, *in_time])


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
def test_an_observation_from_before_the_last_hook_corrects_nothing(late: bool) -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    scene.wait(1)
    idle = scene.now
    if not late:
        scene.observe("registry", "idle")
    scene.wait(1)
    scene.hook("PreToolUse")
    if late:
        scene.observe("registry", "idle", at=idle)
    assert scene.status() == "working"
