"""Which questions are open, what closes them, and which one is shown."""

from __future__ import annotations

from typing import Any

import pytest

from acd.sessions.questions import MAX_OPEN
from testing.event_scenes import ASKERS, StoreScene, described


@pytest.mark.parametrize("asker", ASKERS.values(), ids=ASKERS)
@pytest.mark.parametrize(
    "label", ["PreToolUse/AskUserQuestion", "PreToolUse/ExitPlanMode", "PermissionRequest/Bash"]
)
def test_a_question_is_answered_when_its_agent_continues(label: str, asker: dict[str, Any]) -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    scene.hook(label, **asker)
    assert scene.status() == "question"
    scene.wait(3)
    assert described(scene.hook("PostToolUse", **asker)) == [("update", "s", "working", 3)]


def test_the_main_agents_stop_does_not_clear_a_subagents_question() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.hook("Stop/background")
    assert scene.status() == "question"
    scene.hook("Stop")
    assert scene.status() == "question"


def test_a_subagents_question_may_come_after_the_main_agents_stop() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    scene.hook("Stop/background")
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    assert scene.status() == "question"
    scene.hook("PostToolUse", agent_id="a1")
    assert scene.status() == "working"


def test_a_subagent_that_continues_does_not_close_the_question_of_another() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.hook("PermissionRequest/Bash", agent_id="a2")
    scene.hook("PostToolUse", agent_id="a1")
    assert scene.status() == "question"
    scene.hook("PostToolUse", agent_id="a2")
    assert scene.status() == "working"


def test_a_subagent_that_ends_has_no_open_question() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.hook("SubagentStop", agent_id="a1")
    assert scene.status() == "working"


def test_a_subagents_end_that_names_no_agent_closes_no_question() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash")
    scene.hook("SubagentStop")
    assert scene.status() == "question"


def test_after_a_subagents_question_the_main_agents_own_status_shows_again() -> None:
    scene = StoreScene()
    scene.hook("Stop")
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.hook("SubagentStop", agent_id="a1")
    assert scene.status() == "attention"


def test_a_subagents_failure_is_not_the_end_of_the_main_agents_turn() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    scene.hook("StopFailure/rate_limit", agent_id="a1")
    assert scene.status() == "working"


def test_the_notification_of_a_dialog_is_not_a_second_question() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.hook("Notification/permission_prompt")  # it does not name its agent
    scene.hook("PostToolUse", agent_id="a1")
    assert scene.status() == "working"


def test_a_notification_alone_is_a_question() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    scene.hook("Notification/worker_permission_prompt", message="may I?")
    assert (scene.status(), scene.session().prompt) == ("question", "may I?")


def test_an_idle_prompt_changes_nothing_while_background_tasks_run() -> None:
    scene = StoreScene()
    scene.hook("Stop/background")
    scene.hook("Notification/idle_prompt")
    assert scene.status() == "working"
    scene.hook("Stop")
    assert scene.status() == "attention"


def test_a_session_that_starts_again_has_no_earlier_question() -> None:
    scene = StoreScene()
    scene.hook("Stop/background")
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.hook("SessionStart/resume")  # its process was killed unobserved
    assert scene.status() == "attention"
    scene.hook("Notification/idle_prompt")
    assert scene.activity().background is False


def test_a_compaction_leaves_open_questions_open() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.hook("SessionStart/compact")
    assert scene.status() == "question"


def test_the_end_of_a_session_closes_it_whatever_questions_are_open() -> None:
    for asker in ASKERS.values():
        scene = StoreScene()
        scene.hook("PermissionRequest/Bash", agent_id="a2")
        scene.hook("SessionEnd", **asker)
        assert (scene.status(), len(scene.activity().questions)) == ("closed", 0)


def test_a_set_closes_every_question() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.set("s", "working")
    scene.hook("SubagentStart", agent_id="a2")
    assert scene.status() == "working"


def test_the_questions_of_one_session_are_bounded() -> None:
    scene = StoreScene()
    for number in range(MAX_OPEN + 10):
        scene.hook("PermissionRequest/Bash", agent_id=f"a{number}")
    questions = scene.activity().questions
    assert len(questions) == MAX_OPEN
    assert f"a{MAX_OPEN + 9}" in {asked.asker for asked in questions}


def test_an_event_with_a_deeply_nested_input_is_an_event() -> None:
    scene = StoreScene()
    nested: Any = {}
    for _ in range(100_000):
        nested = {"a": nested}
    scene.hook("PermissionRequest", tool_name="Bash", tool_input=nested)
    assert scene.status() == "question"


# What is shown --------------------------------------------------------------


def test_the_prompt_is_the_question_until_its_answer() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", tool_input={"command": "make"})
    assert scene.session().prompt == "Bash: make"
    scene.hook("PostToolUse")
    assert scene.session().prompt is None


def test_the_prompt_after_a_turn_is_the_agents_last_message() -> None:
    scene = StoreScene()
    scene.hook("Stop", last_assistant_message="all done")
    assert scene.session().prompt == "all done"
    scene.hook("UserPromptSubmit")
    assert scene.session().prompt is None


def test_while_one_question_is_open_it_is_shown() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", agent_id="a1", tool_input={"command": "one"})
    scene.hook("PermissionRequest/Bash", agent_id="a2", tool_input={"command": "two"})
    scene.hook("PostToolUse", agent_id="a2")
    assert scene.session().prompt == "Bash: one"


def test_the_newest_question_is_shown_whichever_agent_asked_first() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", agent_id="a1", tool_input={"command": "one"})
    scene.hook("PermissionRequest/Bash", agent_id="a2", tool_input={"command": "two"})
    scene.hook("PermissionRequest/Bash", agent_id="a1", tool_input={"command": "three"})
    scene.hook("PermissionRequest/Bash", agent_id="a3", tool_input={"command": "four"})
    scene.hook("PostToolUse", agent_id="a3")
    assert scene.session().prompt == "Bash: three"


def test_with_keep_text_off_no_text_is_kept_anywhere() -> None:
    scene = StoreScene(keep_text=False)
    scene.hook("PermissionRequest/Bash", tool_input={"command": "secret one"})
    scene.hook("PermissionRequest/Bash", agent_id="a1", tool_input={"command": "secret two"})
    scene.hook("PostToolUse", agent_id="a1")
    scene.hook("Stop", last_assistant_message="secret three")
    scene.hook("Notification/agent_needs_input", message="secret four")
    session = scene.session()
    assert "secret" not in repr([getattr(session, name) for name in session.__slots__])


def test_with_keep_text_off_the_status_is_the_same() -> None:
    scene = StoreScene(keep_text=False)
    scene.hook("PermissionRequest/Bash", tool_input={"command": "secret"})
    assert (scene.status(), scene.session().prompt) == ("question", None)


# Three statuses -------------------------------------------------------------


def test_question_as_attention_shows_every_question_as_attention() -> None:
    scene = StoreScene(question_as_attention=True)
    scene.hook("PermissionRequest/Bash")
    scene.set("t", "question")
    scene.set("u", "working")
    scene.set("u", "question")
    assert set(scene.statuses().values()) == {"attention"}


def test_question_as_attention_keeps_the_questions_text() -> None:
    scene = StoreScene(question_as_attention=True)
    scene.hook("PermissionRequest/Bash", agent_id="a1", tool_input={"command": "make"})
    scene.hook("Stop/background")
    assert (scene.status(), scene.session().prompt) == ("attention", "Bash: make")
    scene.hook("PostToolUse", agent_id="a1")
    assert scene.status() == "working"


def test_question_as_attention_writes_no_question_into_the_history() -> None:
    scene = StoreScene(question_as_attention=True)
    for label in ("UserPromptSubmit", "PermissionRequest/Bash", "PostToolUse", "Stop"):
        scene.hook(label)
    history = scene.session().history or []
    assert [transition.to for transition in history] == ["attention", "working", "attention"]
