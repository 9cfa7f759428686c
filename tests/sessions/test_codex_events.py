"""The signals of payloads recorded from Codex 0.169.0."""

from __future__ import annotations

import json

import pytest

from acd.agents.catalog import AGENTS, DEFAULT, TRANSLATOR
from acd.agents.codex.events import EVENTS
from acd.agents.payloads import read_hook_event
from acd.sessions.events import HookEvent
from acd.sessions.records import apply_record, observation_record, session_record
from acd.sessions.store import Store
from acd.sessions.values import NS, Now
from testing import checkout
from testing.event_scenes import HERE, START, contents, observation_of

FIXTURES = checkout.FIXTURES / "codex-0.169.0"

MEANING: dict[str, str | None] = {
    # the agent works
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
    "SessionStart-fork": "attention",
    "PostCompact-manual": "attention",
    # it ended
    "SessionEnd-other": "closed",
    # no status
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


def test_every_recorded_payload_of_a_hook_is_in_this_table() -> None:
    recorded = {path.stem for path in FIXTURES.glob("*.json")}
    assert {name for name in recorded if not name.startswith("notify-")} == MEANING.keys()


@pytest.mark.parametrize(("name", "status"), MEANING.items())
def test_a_recorded_payload_has_the_status_of_the_table(name: str, status: str | None) -> None:
    event = event_of(name)
    assert event.status == status
    assert (event.subagent is not None) == ("subagent" in name.lower())


def test_a_subagents_permission_request_is_a_question_and_no_other_event_counts() -> None:
    asked = event_of("PermissionRequest-Bash", agent_id="a1")
    assert asked.status == "question"
    store = Store(DEFAULT.name)
    store.apply_hook(event_of("Stop", session_id=asked.session), START)
    store.apply_hook(asked, START)
    assert store.get(asked.session).status == "question"
    store.apply_hook(event_of("PostToolUse-Bash", session_id=asked.session, agent_id="a1"), START)
    assert store.get(asked.session).status == "attention"


def later(seconds: int) -> Now:
    return Now(START.wall + seconds * NS, START.boot + seconds * NS)


class CodexScene:
    """A session whose signals come a second apart."""

    def __init__(self) -> None:
        self.store = Store(DEFAULT.name)
        self.seconds = 0

    def hook(self, name: str, subagent: str | None = None, *, at: int | None = None) -> None:
        self.seconds += 1
        given = {"agent_id": subagent, "transcript_path": f"/{subagent}.jsonl"} if subagent else {}
        event = event_of(name, session_id="s", **given)
        moment = later(self.seconds if at is None else at)
        self.store.apply_hook(event._replace(at=moment.wall), later(self.seconds))

    def observe(self, word: str, subagent: str | None = None) -> None:
        self.seconds += 1
        now = later(self.seconds)
        observation = observation_of("registry", word, now.wall, subagent)
        apply_record(self.store, observation_record("s", observation), now, TRANSLATOR)

    @property
    def status(self) -> str:
        return self.store.get("s").status


@pytest.mark.parametrize(
    ("name", "status"), [("Stop", "attention"), ("UserPromptSubmit", "working")]
)
def test_an_interrupted_subagent_has_no_open_question(name: str, status: str) -> None:
    scene = CodexScene()
    scene.hook(name)
    scene.hook("PermissionRequest-Bash", "a1")
    scene.hook("PermissionRequest-Bash", "a2")
    scene.observe("aborted", "a1")
    assert scene.status == "question"
    scene.observe("aborted", "a2")
    assert scene.status == status


def test_an_end_from_before_a_subagents_question_leaves_it_open() -> None:
    scene = CodexScene()
    scene.hook("Stop")
    scene.observe("aborted", "a1")
    scene.hook("PermissionRequest-Bash", "a1")
    assert scene.status == "question"
    scene.observe("failed", "a1")
    assert scene.status == "question"


def test_a_subagents_question_that_arrives_after_its_end_is_not_open() -> None:
    scene = CodexScene()
    scene.hook("Stop")
    scene.seconds += 5
    scene.observe("aborted", "a1")
    scene.hook("PermissionRequest-Bash", "a1", at=3)
    assert scene.status == "attention"


def test_a_subagent_that_continues_leaves_a_failed_turn_failed() -> None:
    scene = CodexScene()
    scene.hook("UserPromptSubmit")
    scene.observe("failed")
    scene.hook("PreModelRequest", "a1")
    assert scene.status == "attention"


def test_a_subagents_question_is_kept_with_its_transcript() -> None:
    scene = CodexScene()
    scene.hook("Stop")
    scene.hook("PermissionRequest-Bash", "a1")
    assert scene.store.get("s").asking() == {"a1": "/a1.jsonl"}
    other = Store(DEFAULT.name)
    apply_record(other, session_record(scene.store.get("s")), START, TRANSLATOR)
    assert contents(other) == contents(scene.store)
    assert other.get("s").transcript == event_of("Stop").transcript


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
def test_a_question_or_a_last_message_is_kept(name: str, text: str | None) -> None:
    assert event_of(name).text == text
