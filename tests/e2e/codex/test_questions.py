"""A turn of Codex that waits for its user: a dialog that is open, answered, denied or dismissed."""

from __future__ import annotations

import pytest

from testing.e2e.codex.scenes import PERMISSION_DIALOG, PLAN_MODE, QUESTION_DIALOG, CodexTui


@pytest.fixture
def planning(tui: CodexTui) -> CodexTui:
    """Codex in plan mode, the only one in which it asks questions."""
    tui.prompt("/plan")
    tui.sees(PLAN_MODE)
    return tui


def test_a_permission_is_a_question_until_its_tool_has_ended(tui: CodexTui) -> None:
    """A permission request makes the session `question` until its tool has ended."""
    with tui.home.gate() as gate:
        tui.prompt("PERMISSION")
        tui.expect("question", since=tui.sees(PERMISSION_DIALOG), via=("working",))
        tui.answer(PERMISSION_DIALOG, "y")
        gate.wait_reached()
        # No hook reports the grant itself.
        tui.expect_still("question")
        tui.api.hold("AFTER_TOOL")
        tui.expect("working", since=gate.open())
    answer = tui.api.take("AFTER_TOOL")
    answer.release()
    tui.expect("attention", since=answer.wait_answered())


def test_a_permission_denied_is_attention(tui: CodexTui) -> None:
    """After the permission is denied, the session is `attention`."""
    tui.prompt("PERMISSION")
    tui.expect("question", since=tui.sees(PERMISSION_DIALOG), via=("working",))
    tui.expect("attention", since=tui.answer(PERMISSION_DIALOG, "Escape"))


def test_a_question_of_the_agent_is_a_question_until_it_is_answered(planning: CodexTui) -> None:
    """A question of the agent makes the session `question` until the user answers."""
    planning.api.hold("AFTER_TOOL")
    planning.prompt("ASK")
    planning.expect("question", since=planning.sees(QUESTION_DIALOG), via=("working",))
    assert planning.acd.session(planning.session)["prompt"] == "Which colour?"
    planning.expect_still("question")
    planning.expect("working", since=planning.answer(QUESTION_DIALOG, "Enter"))
    answer = planning.api.take("AFTER_TOOL")
    planning.expect_still("working")
    answer.release()
    planning.expect("attention", since=answer.wait_answered())


def test_a_question_of_the_agent_dismissed_is_attention(planning: CodexTui) -> None:
    """After a question of the agent is dismissed, the session is `attention`."""
    planning.prompt("ASK")
    planning.expect("question", since=planning.sees(QUESTION_DIALOG), via=("working",))
    planning.expect("attention", since=planning.answer(QUESTION_DIALOG, "Escape"))
    planning.expect_still("attention")
