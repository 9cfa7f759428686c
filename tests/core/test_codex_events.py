"""What each payload recorded from Codex 0.169.0 means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acd.agents import AGENTS
from acd.agents.codex import EVENTS
from acd.core.events import HookEvent, read_hook_event
from acd.core.store import Store

from .scene import HERE, START

FIXTURES = Path(__file__).parent.parent / "fixtures/codex-0.169.0"

MEANING: dict[str, str | None] = {
    # the agent goes on
    "UserPromptSubmit": "working",
    "UserPromptSubmit-exec": "working",
    "PreModelRequest": "working",
    "PreToolUse-Bash": "working",
    "PreToolUse-Bash-exec": "working",
    "PreToolUse-spawn_agent": "working",
    "PreToolUse-spawn_agent-exec": "working",
    "PostToolUse-Bash": "working",
    "PostToolUse-Bash-exec": "working",
    "PostToolUse-request_user_input": "working",
    "PostToolUse-spawn_agent": "working",
    "PostToolUse-spawn_agent-exec": "working",
    "PreCompact-manual": "working",
    # it waits for an answer
    "PreToolUse-request_user_input": "question",
    "PermissionRequest-Bash": "question",
    # its turn is over
    "Stop": "attention",
    "Stop-exec": "attention",
    "Interrupt": "attention",
    "Interrupt-exec": "attention",
    "SessionStart-startup": "attention",
    "SessionStart-startup-exec": "attention",
    "SessionStart-resume": "attention",
    "SessionStart-resume-exec": "attention",
    "SessionStart-clear": "attention",
    "PostCompact-manual": "attention",
    # it ended
    "SessionEnd-other": "closed",
    # nothing of the status
    "SessionStart-compact": None,
    "PostModelRequest-completed": None,
    "PostModelRequest-cancelled": None,
    "PostModelRequest-failed": None,
    # of a subagent
    "SubagentStart": None,
    "SubagentStart-exec": None,
    "SubagentStop": None,
    "SubagentStop-exec": None,
    "UserPromptSubmit-subagent": None,
    "UserPromptSubmit-subagent-exec": None,
    "PreModelRequest-subagent": None,
    "PostModelRequest-completed-subagent": None,
}
"""Every payload recorded from a hook of the client, to the status that it sets."""


def event_of(name: str, **fields: str) -> HookEvent:
    payload = json.loads((FIXTURES / f"{name}.json").read_text("utf-8")) | fields
    return read_hook_event(AGENTS["codex"], {}, payload, local_host=HERE)


def test_every_recorded_payload_of_a_hook_has_a_meaning_here() -> None:
    recorded = {path.stem for path in FIXTURES.glob("*.json")}
    assert {name for name in recorded if not name.startswith("notify-")} == MEANING.keys()


@pytest.mark.parametrize(("name", "status"), MEANING.items())
def test_a_recorded_payload_means(name: str, status: str | None) -> None:
    event = event_of(name)
    assert event.status == status
    assert (event.subagent is not None) == ("subagent" in name.lower())


def test_a_subagents_permission_is_a_question_and_nothing_else_of_it_counts() -> None:
    asked = event_of("PermissionRequest-Bash", agent_id="a1")
    assert asked.status == "question"
    store = Store()
    store.apply_hook(event_of("Stop", session_id=asked.session), START)
    store.apply_hook(asked, START)
    assert store.get(asked.session).status == "question"
    store.apply_hook(event_of("PostToolUse-Bash", session_id=asked.session, agent_id="a1"), START)
    assert store.get(asked.session).status == "attention"


def test_every_event_of_the_table_was_recorded() -> None:
    reached = {event_of(name).name for name in MEANING}
    assert {label.partition("/")[0] for label in EVENTS} == reached


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PermissionRequest-Bash", "Bash: sleep 4"),
        ("PreToolUse-request_user_input", "Which colour do you want?"),
        ("Stop", "stub says hello"),
        ("Interrupt", None),
        ("UserPromptSubmit", None),
    ],
)
def test_what_it_asks_or_last_said_is_kept(name: str, text: str | None) -> None:
    assert event_of(name).text == text
