"""Which hooks Claude Code gets, by the version that says it is installed."""

from __future__ import annotations

import os
import select
from collections.abc import Mapping
from pathlib import Path

import pytest

from acd.agents.claude_code import EVENTS as MEANINGS
from acd.install import claude_code
from acd.install.claude_code import EVENTS, SYNCHRONOUS, Version, client_version, wanted
from acd.install.settings import merge, unmerge
from tests.install.real_world import ACCEPTED

# The names that each version's program knows, as found in it.
KNOWN: Mapping[Version, str] = {
    (1, 0, 85): "PreToolUse PostToolUse Notification UserPromptSubmit SessionStart SessionEnd Stop"
    " SubagentStop PreCompact",
    (2, 0, 44): "PreToolUse PostToolUse Notification UserPromptSubmit SessionStart SessionEnd Stop"
    " SubagentStart SubagentStop PreCompact",
    (2, 0, 45): "PreToolUse PostToolUse Notification UserPromptSubmit SessionStart SessionEnd Stop"
    " SubagentStart SubagentStop PreCompact PermissionRequest",
    (2, 0, 60): "PreToolUse PostToolUse PostToolUseFailure Notification UserPromptSubmit"
    " SessionStart SessionEnd Stop SubagentStart SubagentStop PreCompact PermissionRequest",
    (2, 1, 76): "PreToolUse PostToolUse PostToolUseFailure Notification UserPromptSubmit"
    " SessionStart SessionEnd Stop SubagentStart SubagentStop PreCompact PostCompact"
    " PermissionRequest Setup TeammateIdle TaskCompleted Elicitation ElicitationResult"
    " ConfigChange WorktreeCreate WorktreeRemove InstructionsLoaded",
    (2, 1, 78): "PreToolUse PostToolUse PostToolUseFailure Notification UserPromptSubmit"
    " SessionStart SessionEnd Stop StopFailure SubagentStart SubagentStop PreCompact PostCompact"
    " PermissionRequest Setup TeammateIdle TaskCompleted Elicitation ElicitationResult"
    " ConfigChange WorktreeCreate WorktreeRemove InstructionsLoaded",
    (2, 1, 197): "PreToolUse PostToolUse PostToolUseFailure PostToolBatch Notification"
    " UserPromptSubmit UserPromptExpansion SessionStart SessionEnd Stop StopFailure SubagentStart"
    " SubagentStop PreCompact PostCompact PermissionRequest PermissionDenied Setup TeammateIdle"
    " TaskCreated TaskCompleted Elicitation ElicitationResult ConfigChange WorktreeCreate"
    " WorktreeRemove InstructionsLoaded CwdChanged FileChanged MessageDisplay",
}


def claude(place: Path, script: str) -> Mapping[str, str]:
    """An environment whose `claude` is that shell script."""
    place.mkdir(parents=True, exist_ok=True)
    program = place / "claude"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{place}:/usr/bin:/bin", "HOME": os.environ["HOME"]}


@pytest.mark.parametrize("version", KNOWN)
def test_no_version_gets_a_name_that_it_does_not_know(version: Version) -> None:
    assert wanted(version, "x").keys() <= set(KNOWN[version].split())


@pytest.mark.parametrize("version", [None, (0, 2, 9), (1, 0, 85)])
def test_an_unknown_version_gets_only_long_standing_names(version: Version | None) -> None:
    entries = wanted(version, "x")
    # A client older than any that is known gets nothing at all.
    assert entries.keys() == (set() if version == (0, 2, 9) else set(KNOWN[1, 0, 85].split()))


def test_the_newest_version_gets_every_event_that_the_daemon_knows_and_no_other() -> None:
    names = {label.partition("/")[0] for label in MEANINGS}
    assert wanted((2, 1, 329), "x").keys() == names
    assert EVENTS.keys() == names


def test_what_may_be_the_last_of_a_run_is_not_async() -> None:
    entries = wanted((2, 1, 329), "x")
    assert {event for event, entry in entries.items() if "async" not in entry} == SYNCHRONOUS
    assert all(entry.get("async", True) is True for entry in entries.values())


def test_every_entry_is_a_command_with_a_small_timeout() -> None:
    for entry in wanted((2, 1, 329), "the command").values():
        assert (entry["type"], entry["command"]) == ("command", "the command")
        assert 1 < entry["timeout"] <= 5


@pytest.mark.parametrize("content", ACCEPTED.values(), ids=ACCEPTED)
def test_all_the_hooks_go_in_and_out_without_a_trace(content: bytes) -> None:
    text = content.decode()
    merged = merge(text, wanted((2, 1, 329), "exec /p /d/acd_hook.py claude-code"), "claude-code")
    assert unmerge(merged, "claude-code") == text


# --- Asking the client --------------------------------------------------------


def test_the_client_is_asked_for_its_version(tmp_path: Path) -> None:
    assert client_version(claude(tmp_path, "echo '2.1.329 (Claude Code)'")) == (2, 1, 329)


@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        "echo '2.1.329 (Claude Code)'; exit 1",
        "echo 'claude: no such version'",
        "echo 'v2.1'",
        "true",
        "printf '\\377\\376'",
        "kill -9 $$",
    ],
)
def test_a_client_that_does_not_say_its_version_is_of_none(tmp_path: Path, script: str) -> None:
    assert client_version(claude(tmp_path, script)) is None


def test_no_client_is_of_no_version(tmp_path: Path) -> None:
    assert client_version({"PATH": str(tmp_path), "HOME": str(tmp_path)}) is None


def test_of_several_clients_the_oldest_decides(own_home: Path, tmp_path: Path) -> None:
    claude(own_home / ".local/bin", "echo 2.0.45")
    assert client_version(claude(tmp_path, "echo 2.1.329")) == (2, 0, 45)


def test_the_client_gets_nothing_of_the_environment_that_may_be_secret(tmp_path: Path) -> None:
    secret = {"ANTHROPIC_API_KEY": "sk-secret", "CLAUDE_CODE_MESSAGING_TOKEN": "t"}
    environ = {**claude(tmp_path, f"env >{tmp_path}/seen; echo 2.1.329"), **secret}
    assert client_version(environ) == (2, 1, 329)
    seen = (tmp_path / "seen").read_text()
    assert "secret" not in seen
    assert "TOKEN" not in seen
    assert "HOME=" in seen


def test_a_client_that_hangs_is_given_up_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claude_code, "VERSION_SECONDS", 2.0)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    # Its child keeps the pipe open, as a shim's does, and holds the gate while it lives.
    environ = claude(tmp_path, f"sleep 60 <>{gate} & exec sleep 60")
    with os.fdopen(os.open(gate, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        ended = select.poll()
        ended.register(reader, 0)
        assert client_version(environ) is None
        # poll(2): POLLHUP when the last that had it open for writing is gone
        assert ended.poll(30_000) == [(reader.fileno(), select.POLLHUP)]
