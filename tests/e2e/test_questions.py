"""A turn that waits for its user: a dialog that is open, answered, denied or dismissed."""

from __future__ import annotations

from testing.e2e.agent import (
    ELICITATION_DIALOG,
    PERMISSION_DIALOG,
    PLAN_DIALOG,
    QUESTION_DIALOG,
    ClaudeTestbed,
    ClaudeTui,
)
from testing.e2e.installation import by_hooks_and_registry

# The client sends a notification 6.5 s after a dialog opened.
_REMINDED_SECONDS = 8


@by_hooks_and_registry
def test_a_permission_asked_for_is_a_question(agent: ClaudeTui) -> None:
    """A permission request makes the session `question`."""
    agent.prompt("PERMISSION")
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    agent.expect_still("question")


@by_hooks_and_registry
def test_a_permission_granted_is_working_at_once(agent: ClaudeTui) -> None:
    """After the permission is granted, the session is `working` at once."""
    with agent.home.gate() as gate:
        agent.prompt("PERMISSION")
        agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
        agent.expect("working", since=agent.answer(PERMISSION_DIALOG, "Enter"))
        gate.wait_reached()
        agent.expect_still("working")
        gate.open()
    agent.expect("attention", since=agent.api.take("AFTER_TOOL").wait_answered())


@by_hooks_and_registry
def test_a_permission_denied_is_attention(agent: ClaudeTui) -> None:
    """After the permission is denied, the session is `attention`."""
    agent.prompt("PERMISSION")
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    agent.expect("attention", since=agent.deny())


def test_a_permission_dialog_dismissed_is_attention(agent: ClaudeTui) -> None:
    """After the permission dialog is dismissed, the session is `attention`."""
    agent.prompt("PERMISSION")
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    agent.expect("attention", since=agent.answer(PERMISSION_DIALOG, "Escape"))


def test_a_question_of_the_agent_is_a_question_until_it_is_answered(agent: ClaudeTui) -> None:
    """A question of the agent makes the session `question` until the user answers."""
    agent.api.hold("AFTER_TOOL")
    agent.prompt("ASK")
    agent.expect("question", since=agent.sees(QUESTION_DIALOG), via=("working",))
    agent.expect("working", since=agent.answer(QUESTION_DIALOG, "Enter"))
    answer = agent.api.take("AFTER_TOOL")
    agent.expect_still("working")
    answer.release()
    agent.expect("attention", since=answer.wait_answered())


@by_hooks_and_registry
def test_a_question_of_the_agent_dismissed_is_attention(agent: ClaudeTui) -> None:
    """After a question of the agent is dismissed, the session is `attention`."""
    agent.prompt("ASK")
    agent.expect("question", since=agent.sees(QUESTION_DIALOG), via=("working",))
    agent.expect("attention", since=agent.answer(QUESTION_DIALOG, "Escape"))


def test_a_plan_is_a_question_until_it_is_approved(testbed: ClaudeTestbed) -> None:
    """A plan makes the session `question` until the user approves it."""
    with testbed.interactive(mode="plan") as agent:
        agent.expect("attention", since=agent.started)
        agent.api.hold("AFTER_TOOL")
        agent.prompt("PLAN")
        agent.expect("question", since=agent.sees(PLAN_DIALOG), via=("working",))
        agent.expect("working", since=agent.answer(PLAN_DIALOG, "Enter"))
        answer = agent.api.take("AFTER_TOOL")
        agent.expect_still("working")
        answer.release()
        agent.expect("attention", since=answer.wait_answered())


@by_hooks_and_registry
def test_a_plan_dismissed_is_attention(testbed: ClaudeTestbed) -> None:
    """After a plan is dismissed, the session is `attention`."""
    with testbed.interactive(mode="plan") as agent:
        agent.expect("attention", since=agent.started)
        agent.prompt("PLAN")
        agent.expect("question", since=agent.sees(PLAN_DIALOG), via=("working",))
        agent.expect("attention", since=agent.answer(PLAN_DIALOG, "Escape"))


def test_an_elicitation_is_a_question_until_it_is_answered(agent: ClaudeTui) -> None:
    """A form of an MCP server makes the session `question` until the user answers."""
    agent.api.hold("AFTER_TOOL")
    agent.prompt("ELICIT")
    agent.expect("question", since=agent.sees(ELICITATION_DIALOG), via=("working",))
    agent.expect("working", since=agent.answer(ELICITATION_DIALOG, "Escape"))
    answer = agent.api.take("AFTER_TOOL")
    agent.expect_still("working")
    answer.release()
    agent.expect("attention", since=answer.wait_answered())


def test_a_question_left_alone_stays_a_question(agent: ClaudeTui) -> None:
    """A permission request that the user does not answer stays a `question`."""
    agent.prompt("PERMISSION")
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    agent.expect_still("question", _REMINDED_SECONDS)
    agent.expect("attention", since=agent.answer(PERMISSION_DIALOG, "Escape"))
