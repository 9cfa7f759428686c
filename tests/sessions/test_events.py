"""The signals of recorded payloads, and how payloads of any shape are read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agents.catalog import AGENTS, DEFAULT, TRANSLATOR, resume_argv
from acd.agents.payloads import read_hook_event
from acd.sessions.events import RECORD_KEYS, TERMINAL_HINTS, HookEvent
from acd.sessions.fields import FIELD_LENGTH, HINT_LENGTH, NAME_LENGTH
from acd.sessions.status import STATUSES
from acd.sessions.store import Store
from acd.sessions.values import PROMPT_LENGTH, Json, Refused
from testing.event_scenes import FIXTURES, HERE, START, STATUS_OF, event_of, fixture, payload_of
from testing.json_values import any_json, json_objects

CLAUDE = AGENTS["claude-code"]
NO_EVENT = "no event"

MEANING: dict[str, str | None] = {
    # the agent works
    "UserPromptSubmit": "working",
    "UserPromptSubmit-mode-auto": "working",
    "UserPromptSubmit-mode-plan": "working",
    "UserPromptSubmit-slash": "working",
    "UserPromptSubmit-task-notification": "working",
    "PreToolUse-Agent": "working",
    "PreToolUse-Agent-mode-auto": "working",
    "PreToolUse-Bash": "working",
    "PreToolUse-Bash-in-subagent": "working",
    "PreToolUse-mcp__el__ask": "working",
    "PostToolUse-Agent": "working",
    "PostToolUse-Agent-async-launched": "working",
    "PostToolUse-AskUserQuestion": "working",
    "PostToolUse-Bash": "working",
    "PostToolUse-Bash-bg": "working",
    "PostToolUse-Bash-in-subagent": "working",
    "PostToolUse-mcp__el__ask": "working",
    "PostToolUseFailure-Exit_code_3_oops-Bash": "working",
    "PostToolBatch": "working",
    "PostToolBatch-in-subagent": "working",
    "PostToolBatch-mode-auto": "working",
    "ElicitationResult-decline": "working",
    "PreCompact-auto": "working",
    "PreCompact-manual": "working",
    "Stop-bg-shell": "working",
    "Stop-bg-subagent": "working",
    # it waits for an answer
    "PreToolUse-AskUserQuestion": "question",
    "PreToolUse-ExitPlanMode-mode-plan": "question",
    "PermissionRequest-AskUserQuestion": "question",
    "PermissionRequest-Bash": "question",
    "PermissionRequest-Bash-in-subagent": "question",
    "PermissionRequest-ExitPlanMode-mode-plan": "question",
    "Elicitation": "question",
    "Notification-agent_needs_input": "question",
    "Notification-elicitation_dialog": "question",
    "Notification-permission_prompt": "question",
    # its turn is over
    "Stop": "attention",
    "Stop-mode-auto": "attention",
    "Stop-mode-plan": "attention",
    "StopFailure-authentication_failed": "attention",
    "StopFailure-rate_limit": "attention",
    "StopFailure-unknown": "attention",
    "Notification-idle_prompt": "attention",
    "SessionStart-clear": "attention",
    "SessionStart-fork": "attention",
    "SessionStart-resume": "attention",
    "SessionStart-startup": "attention",
    "PostCompact-manual": "attention",
    # it ended
    "SessionEnd-clear": "closed",
    "SessionEnd-other": "closed",
    "SessionEnd-prompt_input_exit": "closed",
    "SessionEnd-resume": "closed",
    # no status
    "SubagentStart": None,
    "SubagentStop": None,
    "SubagentStop-compact-noname": None,
    "SessionStart-compact": None,
    "Notification-elicitation_response": None,
    "ConfigChange-user_settings": None,
    "CwdChanged": None,
    "InstructionsLoaded-session_start": None,
    "MessageDisplay": None,
    "PreModelSwitch-command": None,
    "UserPromptExpansion-slash_command": None,
    "statusLine": NO_EVENT,
}
"""Every payload recorded from the client, to the status that it sets."""


def test_every_recorded_payload_is_in_this_table() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == MEANING.keys()


@pytest.mark.parametrize(("name", "status"), MEANING.items())
def test_a_recorded_payload_has_the_status_of_the_table(name: str, status: str | None) -> None:
    if status is NO_EVENT:
        with pytest.raises(Refused, match=r"^invalid event: hook_event_name must be a string$"):
            read_hook_event(CLAUDE, {}, fixture(name), local_host=HERE)
    else:
        event = read_hook_event(CLAUDE, {}, fixture(name), local_host=HERE)
        assert event.status == status


def test_every_entry_of_the_table_is_reached_by_a_payload() -> None:
    assert {label: event_of(label).status for label in STATUS_OF} == STATUS_OF


@pytest.mark.parametrize(
    "label",
    ["SomethingNew", "Notification/something_new", "SessionStart/something_new", "PostCompact"],
)
def test_an_event_or_type_that_is_not_known_sets_nothing(label: str) -> None:
    assert event_of(label).status is None


# The text of an event -------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PermissionRequest-Bash", "Bash: touch /home/dev/proj/touched-1795175405"),
        ("PermissionRequest-AskUserQuestion", "Which color?"),
        ("PermissionRequest-ExitPlanMode-mode-plan", "ExitPlanMode"),
        ("Elicitation", "Your name?"),
        ("Notification-permission_prompt", "Claude needs your permission"),
        ("StopFailure-rate_limit", "API Error: Request rejected (429) · stub ERR429"),
        ("Stop-bg-shell", "done after tool"),
        ("UserPromptSubmit", None),
        ("PostToolUse-Bash", None),
    ],
)
def test_a_question_or_a_last_message_is_kept(name: str, text: str | None) -> None:
    assert read_hook_event(CLAUDE, {}, fixture(name), local_host=HERE).text == text


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("  two\n\tlines  ", "two lines"),
        ("x" * 300, "x" * PROMPT_LENGTH),
        (" \n ", None),
        ("", None),
        (12, None),
        ("\ud800", None),
    ],
    ids=ascii,
)
def test_a_text_becomes_one_line_of_bounded_length(message: Any, expected: str | None) -> None:
    assert event_of("Stop", last_assistant_message=message).text == expected


@pytest.mark.parametrize(
    ("tool_input", "text"),
    [
        ({"command": "make"}, "Bash: make"),
        ({"file_path": "/w/a.py"}, "Bash: /w/a.py"),
        ({"url": "http://localhost"}, "Bash: http://localhost"),
        ({"questions": [{"question": "Really?"}]}, "Really?"),
        ({"questions": []}, "Bash"),
        ({"questions": "none"}, "Bash"),
        ({"command": ["make"]}, "Bash"),
        ({}, "Bash"),
        ("make", "Bash"),
        (None, "Bash"),
    ],
)
def test_a_permission_request_is_shown_as_the_tool_and_its_argument(
    tool_input: Any, text: str
) -> None:
    assert event_of("PermissionRequest/Bash", tool_input=tool_input).text == text


# What the hook adds ---------------------------------------------------------


def test_the_origin_is_what_the_hook_adds() -> None:
    terminal = {hint: f"value of {hint}" for hint in TERMINAL_HINTS}
    meta = {"at": 5, "pid": 6, "attended": False, "config_dir": "/c", "host": "there"} | terminal
    event = event_of("Stop", meta=meta, cwd="/w", agent_id="a1")
    assert (event.at, event.pid, event.attended, event.config_dir) == (5, 6, False, "/c")
    assert (event.host, event.terminal, event.cwd, event.subagent) == (
        "there",
        terminal,
        "/w",
        "a1",
    )


def test_an_event_of_this_machine_names_no_host() -> None:
    assert event_of("Stop", meta={"host": HERE}).host is None


def test_the_hooks_parent_is_not_taken_for_the_agent() -> None:
    event = event_of("Stop", meta={"ppid": 7})
    assert (event.pid, event.parent) == (None, 7)


@pytest.mark.parametrize("name", ["pid", "ppid"])
def test_an_impossible_pid_is_missing(name: str) -> None:
    events = [event_of("Stop", meta={name: pid}) for pid in (2**31 - 1, 2**31)]
    assert [event.pid or event.parent for event in events] == [2**31 - 1, None]


@pytest.mark.parametrize("value", [0, -1, 2**63, 1.5, "12", True, None, [1]], ids=repr)
def test_an_impossible_time_or_pid_is_missing(value: Any) -> None:
    event = event_of("Stop", meta={"at": value, "pid": value})
    assert (event.at, event.pid) == (None, None)


@pytest.mark.parametrize(
    "value", ["", "x" * (FIELD_LENGTH + 1), "\udc80", 5, None, ["/w"]], ids=ascii
)
def test_an_impossible_name_or_path_is_missing(value: Any) -> None:
    event = event_of("Stop", meta={"config_dir": value, "TMUX": value}, cwd=value, agent_id=value)
    assert (event.config_dir, event.terminal, event.cwd, event.subagent) == (None,) * 4


def test_names_and_hints_are_kept_only_when_they_are_short() -> None:
    long = "x" * (NAME_LENGTH + 1)
    event = event_of("PreToolUse", tool_name=long, agent_id=long, prompt_id=long)
    assert (event.kind, event.subagent, event.prompt_id) == (None, None, None)
    assert event.status == "working"
    assert event_of("Stop", meta={"TMUX": "x" * (HINT_LENGTH + 1)}).terminal is None


# Refusals -------------------------------------------------------------------


@pytest.mark.parametrize("key", ["session_id", "hook_event_name"])
@pytest.mark.parametrize("value", [None, 5, "", [], {}], ids=repr)
def test_an_event_that_names_no_session_or_no_event_is_refused(key: str, value: Any) -> None:
    with pytest.raises(Refused, match=f"^invalid event: {key} must be a string"):
        read_hook_event(CLAUDE, {}, payload_of("Stop") | {key: value}, local_host=HERE)


# Any shape ------------------------------------------------------------------

_RECORDED = [fixture(name) for name, status in MEANING.items() if status is not NO_EVENT]
_META = ("at", "pid", "ppid", "attended", "config_dir", "host", *TERMINAL_HINTS)


@st.composite
def _distorted(draw: st.DrawFn) -> tuple[Json, Json]:
    """A recorded payload, and what a hook adds, with any fields replaced by anything."""
    payload = dict(draw(st.sampled_from(_RECORDED)))
    payload |= draw(st.dictionaries(st.sampled_from(sorted(payload)), any_json, max_size=4))
    if isinstance(payload.get("tool_input"), dict):
        some = st.sampled_from(["command", "file_path", "url", "plan", "description", "questions"])
        payload["tool_input"] = payload["tool_input"] | draw(st.dictionaries(some, any_json))
    return draw(st.dictionaries(st.sampled_from(_META), any_json)), payload


@given(st.one_of(_distorted(), st.tuples(json_objects, json_objects)))
def test_whatever_the_fields_hold_an_event_is_read_or_refused(given_: tuple[Json, Json]) -> None:
    meta, payload = given_
    try:
        event = read_hook_event(CLAUDE, meta, payload, local_host=HERE)
        Store(DEFAULT.name).apply_hook(event, START)
    except Refused:
        return
    assert event.status is None or event.status in STATUSES
    assert event.text is None or 0 < len(event.text) <= PROMPT_LENGTH
    # Its record reads as the same event.
    assert HookEvent.from_record(event.to_record(), TRANSLATOR) == event


@given(st.dictionaries(st.sampled_from([*RECORD_KEYS, "later"]), any_json))
def test_whatever_a_record_holds_it_is_an_event_or_refused(fields: Json) -> None:
    record = event_of("Stop", meta={"at": 5, "TMUX": "t"}, cwd="/w").to_record()
    try:
        event = HookEvent.from_record(record | fields, TRANSLATOR)
    except Refused:
        return
    assert HookEvent.from_record(event.to_record(), TRANSLATOR) == event


# Resuming -------------------------------------------------------------------


def test_a_session_is_resumed_by_the_agents_own_command() -> None:
    assert resume_argv("claude-code", "abc") == ["claude", "--resume", "abc"]


@pytest.mark.parametrize(
    ("agent", "resume_id"),
    [
        ("claude-code", None),
        ("claude-code", ""),
        ("claude-code", "--evil"),
        ("claude-code", "a\0b"),
        ("claude-code", "a\nb"),
        ("other", "abc"),
    ],
)
def test_there_is_no_command_to_resume_an_invalid_id(agent: str, resume_id: str | None) -> None:
    assert resume_argv(agent, resume_id) is None
