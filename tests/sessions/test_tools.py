"""Questions of tools that run side by side: which event belongs to which tool call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from acd.agents.catalog import TRANSLATOR
from acd.sessions.activity import AgentActivity
from testing.event_scenes import ASKERS, StoreScene

ONE: dict[str, Any] = {"tool_name": "Read", "tool_input": {"file_path": "/etc/one"}}
TWO: dict[str, Any] = {"tool_name": "Read", "tool_input": {"file_path": "/etc/two"}}


def both_begun(*, asked: list[dict[str, Any]], **agent: Any) -> StoreScene:
    """Two running tools of one agent, with a permission request for some of them."""
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    scene.hook("PreToolUse", tool_use_id="t1", **ONE, **agent)
    scene.hook("PreToolUse", tool_use_id="t2", **TWO, **agent)
    for tool in asked:
        scene.hook("PermissionRequest", **tool, **agent)
    return scene


@pytest.mark.parametrize("agent", ASKERS.values(), ids=ASKERS)
@pytest.mark.parametrize("event", ["PostToolUse", "PostToolUseFailure"])
def test_the_end_of_one_tool_does_not_close_the_question_of_another(
    event: str, agent: dict[str, Any]
) -> None:
    scene = both_begun(asked=[TWO], **agent)
    scene.hook(event, tool_use_id="t1", **ONE, **agent)
    assert scene.status() == "question"
    scene.hook(event, tool_use_id="t2", **TWO, **agent)
    assert scene.status() == "working"


def test_the_start_of_one_tool_does_not_close_the_question_of_another() -> None:
    scene = StoreScene()
    scene.hook("PreToolUse", tool_use_id="t1", **ONE)
    scene.hook("PermissionRequest", **ONE)
    scene.hook("PreToolUse", tool_use_id="t2", **TWO)
    assert scene.status() == "question"


def test_of_two_questions_the_open_one_is_shown() -> None:
    scene = both_begun(asked=[ONE, TWO])
    scene.hook("PostToolUse", tool_use_id="t2", **TWO)
    assert (scene.status(), scene.session().prompt) == ("question", "Read: /etc/one")
    scene.hook("PostToolUse", tool_use_id="t1", **ONE)
    assert scene.status() == "working"


@pytest.mark.parametrize("event", ["PostToolBatch", "UserPromptSubmit", "PreCompact"])
def test_an_event_after_all_tools_closes_all_questions(event: str) -> None:
    scene = both_begun(asked=[ONE, TWO])
    scene.hook(event)
    assert scene.status() == "working"


def test_a_question_belongs_to_its_tool_call_whatever_the_description() -> None:
    scene = both_begun(asked=[])
    described = {**TWO, "tool_input": TWO["tool_input"] | {"description": "another description"}}
    scene.hook("PermissionRequest", **described)
    scene.hook("PostToolUse", tool_use_id="t1", **ONE)
    assert scene.status() == "question"


def test_a_question_of_no_known_call_is_closed_by_its_agents_next_event() -> None:
    changed: dict[str, Any] = {
        "tool_name": "Read",
        "tool_input": {"file_path": "/changed/by/a/hook"},
    }
    scene = both_begun(asked=[changed])
    scene.hook("PostToolUse", tool_use_id="t1", **ONE)
    assert scene.status() == "working"


def test_a_tool_that_asks_and_its_permission_request_are_one_question() -> None:
    scene = StoreScene()
    asks: dict[str, Any] = {
        "tool_name": "AskUserQuestion",
        "tool_input": {"questions": [{"question": "Red?"}]},
    }
    scene.hook("PreToolUse", tool_use_id="t1", **asks)
    scene.hook("PermissionRequest", **asks)
    assert len(scene.activity().questions) == 1
    answered: dict[str, Any] = {"questions": [{"question": "Red?"}], "answers": {"Red?": "yes"}}
    scene.hook("PostToolUse", tool_use_id="t1", tool_name="AskUserQuestion", tool_input=answered)
    assert scene.status() == "working"


def test_a_tools_start_may_arrive_after_its_question() -> None:
    scene = StoreScene()
    scene.hook("PreToolUse", tool_use_id="t1", **ONE)
    begun = scene.now
    scene.wait(1)
    scene.hook("PermissionRequest", **TWO)
    scene.hook("PreToolUse", tool_use_id="t2", at=begun, **TWO)
    scene.wait(1)
    scene.hook("PostToolUse", tool_use_id="t1", **ONE)
    assert scene.status() == "question"


def test_an_overtaken_end_of_a_tool_closes_its_question() -> None:
    scene = both_begun(asked=[ONE, TWO])
    scene.wait(1)
    ended = scene.now
    scene.wait(1)
    scene.hook("PostToolUse", tool_use_id="t2", **TWO)
    scene.hook("PostToolUse", tool_use_id="t1", at=ended, **ONE)
    assert scene.status() == "working"


@pytest.mark.parametrize("agent", ASKERS.values(), ids=ASKERS)
def test_two_questions_that_overtook_each_other_are_both_open(agent: dict[str, Any]) -> None:
    scene = both_begun(asked=[], **agent)
    scene.wait(1)
    first = scene.now
    scene.wait(1)
    scene.hook("PermissionRequest", **TWO, **agent)
    scene.hook("PermissionRequest", at=first, **ONE, **agent)
    scene.hook("PostToolUse", tool_use_id="t2", **TWO, **agent)
    assert scene.status() == "question"
    scene.hook("PostToolUse", tool_use_id="t1", **ONE, **agent)
    assert scene.status() == "working"


def test_a_question_that_another_tools_end_overtook_is_open() -> None:
    scene = both_begun(asked=[])
    scene.wait(1)
    asked = scene.now
    scene.wait(1)
    scene.hook("PostToolUse", tool_use_id="t1", **ONE)
    scene.hook("PermissionRequest", at=asked, **TWO)
    assert scene.status() == "question"


@pytest.mark.parametrize(
    "over", [{"label": "PostToolUse", "tool_use_id": "t2", **TWO}, {"label": "PostToolBatch"}]
)
def test_a_question_that_the_end_of_its_own_tool_overtook_is_not_open(over: dict[str, Any]) -> None:
    scene = both_begun(asked=[])
    scene.wait(1)
    asked = scene.now
    scene.wait(1)
    scene.hook(**over)
    scene.hook("PermissionRequest", at=asked, **TWO)
    assert scene.status() == "working"


def test_a_tool_whose_start_arrives_after_the_batch_is_not_running() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    begun = scene.now
    scene.wait(1)
    scene.hook("PostToolBatch")
    scene.hook("PreToolUse", tool_use_id="t1", at=begun, **ONE)
    scene.hook("PermissionRequest", at=begun, **ONE)
    assert scene.status() == "working"


def test_a_tools_end_from_before_the_question_does_not_answer_it() -> None:
    scene = StoreScene()
    before = scene.now
    scene.wait(1)
    scene.hook("PreToolUse", tool_use_id="t1", **ONE)
    scene.hook("PermissionRequest", **ONE)
    scene.hook("PostToolUse", tool_use_id="t1", at=before, **ONE)
    assert scene.status() == "question"


def test_a_record_keeps_the_questions_and_their_tool_calls() -> None:
    scene = both_begun(asked=[ONE, TWO], agent_id="a1")
    scene.hook("Elicitation", message="What?")
    record = json.loads(json.dumps(scene.activity().to_record()))
    assert AgentActivity.from_record(record, TRANSLATOR).to_record() == scene.activity().to_record()
