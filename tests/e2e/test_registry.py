"""What the client's registry tells where the hooks that ask are not installed."""

from __future__ import annotations

from typing import Any

import pytest

from acd.agents.claude_code.hooks import EVENTS, LONG_STANDING
from testing.e2e.agent import (
    INTERRUPTED,
    PERMISSION_DIALOG,
    PLAN_DIALOG,
    QUESTION_DIALOG,
    Agent,
    Stage,
)

MODEL_DIALOG = "Select model"


@pytest.fixture(scope="session")
def hooks(hooks: dict[str, Any]) -> dict[str, Any]:
    """The hooks of the oldest clients, without Notification, which tells of a dialog 6 s late."""
    kept = {name for name, since in EVENTS.items() if since == LONG_STANDING} - {"Notification"}
    return {name: value for name, value in hooks.items() if name in kept}


def test_a_permission_that_no_hook_tells_of_is_a_question(agent: Agent) -> None:
    agent.prompt("PERMISSION")
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    assert agent.acd.session(agent.session)["evidence"] == "registry"
    agent.expect_still("question")


def test_a_permission_that_no_hook_tells_of_is_working_once_granted(agent: Agent) -> None:
    with agent.home.gate() as gate:
        agent.prompt("PERMISSION")
        agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
        agent.expect("working", since=agent.answer(PERMISSION_DIALOG, "Enter"))
        gate.wait_reached()
        agent.expect_still("working")
        gate.open()
    agent.expect("attention", since=agent.api.take("AFTER_TOOL").wait_answered())


def test_a_permission_that_no_hook_tells_of_is_attention_once_denied(agent: Agent) -> None:
    agent.prompt("PERMISSION")
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    agent.expect("attention", since=agent.deny())


def test_a_question_of_the_agent_that_no_asking_hook_tells_of_ends_with_its_dialog(
    agent: Agent,
) -> None:
    agent.prompt("ASK")
    agent.expect("question", since=agent.sees(QUESTION_DIALOG), via=("working",))
    agent.expect("attention", since=agent.answer(QUESTION_DIALOG, "Escape"))


def test_a_plan_that_no_asking_hook_tells_of_ends_with_its_dialog(stage: Stage) -> None:
    with stage.interactive(mode="plan") as agent:
        agent.expect("attention", since=agent.started)
        agent.prompt("PLAN")
        agent.expect("question", since=agent.sees(PLAN_DIALOG), via=("working",))
        agent.expect("attention", since=agent.answer(PLAN_DIALOG, "Escape"))


def test_a_permission_of_a_subagent_that_no_hook_tells_of_is_a_question(agent: Agent) -> None:
    agent.prompt("SUBAGENTASKS")
    asks = agent.api.take("HELDPERMISSION")
    agent.expect("working", since=agent.api.take("AFTER_TOOL").wait_answered(), via=("working",))
    asks.release()
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    agent.expect("working", since=agent.answer(PERMISSION_DIALOG, "Escape"))


def test_a_picker_that_the_user_opens_after_an_interrupt_leaves_it_attention(agent: Agent) -> None:
    agent.expect("working", since=agent.prompt("HELD"))
    agent.sees("Thinking it over")
    agent.expect("attention", since=agent.press("Escape"))
    agent.sees(INTERRUPTED)
    agent.prompt("/model")
    agent.sees(MODEL_DIALOG)
    agent.expect_still("attention")
    agent.answer(MODEL_DIALOG, "Escape")
    agent.expect_still("attention")
