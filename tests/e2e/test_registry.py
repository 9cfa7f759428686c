"""Sessions whose dialogs only the client's registry reports: no hook of a dialog is installed."""

from __future__ import annotations

from typing import Any

import pytest

from testing.e2e.agent import INTERRUPTED, PERMISSION_DIALOG, ClaudeTui
from testing.e2e.installation import without_dialogs

MODEL_DIALOG = "Select model"


@pytest.fixture(scope="session")
def hooks(all_hooks: dict[str, Any]) -> dict[str, Any]:
    return without_dialogs(all_hooks)


def test_a_permission_that_no_hook_reports_is_evidence_of_the_registry(agent: ClaudeTui) -> None:
    """The registry shows a permission request that no hook reports."""
    agent.prompt("PERMISSION")
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    assert agent.acd.session(agent.session)["evidence"] == "registry"


def test_a_permission_of_a_subagent_that_no_hook_reports_is_a_question(agent: ClaudeTui) -> None:
    """The registry shows a subagent's permission request that no hook reports."""
    agent.prompt("SUBAGENTASKS")
    asks = agent.api.take("HELDPERMISSION")
    agent.expect("working", since=agent.api.take("AFTER_TOOL").wait_answered(), via=("working",))
    asks.release()
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    agent.expect("working", since=agent.answer(PERMISSION_DIALOG, "Escape"))


def test_a_picker_that_the_user_opens_after_an_interrupt_leaves_it_attention(
    agent: ClaudeTui,
) -> None:
    """The session stays `attention` if the user opens `/model` after an interrupt."""
    agent.expect("working", since=agent.prompt("HELD"))
    agent.sees("Thinking it over")
    agent.expect("attention", since=agent.press("Escape"))
    agent.sees(INTERRUPTED)
    agent.prompt("/model")
    agent.sees(MODEL_DIALOG)
    agent.expect_still("attention")
    agent.answer(MODEL_DIALOG, "Escape")
    agent.expect_still("attention")
