"""The hooks that Claude Code gets, by the version of the installed clients."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from acd.agents.claude_code.clients import InstalledClient, Version
from acd.agents.claude_code.events import EVENTS
from acd.agents.claude_code.hooks import (
    LONG_STANDING,
    SUPPORTED_SINCE,
    SYNCHRONOUS,
    TOLERANT,
    decisive,
    entries,
)
from acd.agents.settings.hook_entries import merge, unmerge
from testing.settings_samples import ACCEPTED

# The names that were found in each version's program.
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


@pytest.mark.parametrize("version", KNOWN)
def test_no_version_gets_a_name_that_it_does_not_support(version: Version) -> None:
    assert entries(version, "x").keys() <= set(KNOWN[version].split())


def test_the_first_supported_version_gets_the_events_that_it_supports() -> None:
    assert entries(LONG_STANDING, "x").keys() == set(KNOWN[LONG_STANDING].split())
    assert entries((0, 2, 9), "x") == {}


def test_an_unknown_version_gets_every_name_that_all_tolerant_clients_support() -> None:
    newest_before = max(version for version in KNOWN if version <= TOLERANT)
    assert entries(None, "x").keys() == SUPPORTED_SINCE.keys() & set(KNOWN[newest_before].split())
    assert SUPPORTED_SINCE.keys() - entries(None, "x").keys() == {"PostToolBatch"}


def test_what_is_hooked_already_is_kept_only_where_no_version_is_known() -> None:
    assert "PostToolBatch" in entries(None, "x", {"PostToolBatch"})
    assert "PostToolBatch" not in entries((2, 1, 150), "x", {"PostToolBatch"})


@pytest.mark.parametrize(
    ("versions", "decides"),
    [
        ([], None),
        ([None], None),
        ([None, (2, 1, 329)], (2, 1, 329)),
        ([(2, 1, 329), (2, 1, 197)], (2, 1, 329)),
        ([TOLERANT, (2, 1, 332)], (2, 1, 332)),
        ([(2, 1, 100), (2, 1, 332)], (2, 1, 100)),  # it would lose its permission rules
    ],
)
def test_the_newest_decides_unless_an_old_one_could_not_read_its_settings(
    versions: list[Version | None], decides: Version | None
) -> None:
    assert decisive([InstalledClient("/p", version) for version in versions]) == decides


def test_the_newest_version_gets_exactly_the_events_that_the_daemon_supports() -> None:
    names = {label.partition("/")[0] for label in EVENTS}
    assert entries((2, 1, 329), "x").keys() == names
    assert SUPPORTED_SINCE.keys() == names


def test_an_event_that_may_be_the_last_of_a_run_is_not_async() -> None:
    found = entries((2, 1, 329), "x")
    assert {event for event, entry in found.items() if "async" not in entry} == SYNCHRONOUS
    assert all(entry.get("async", True) is True for entry in found.values())


def test_every_entry_is_a_command_with_a_small_timeout() -> None:
    for entry in entries((2, 1, 329), "the command").values():
        assert (entry["type"], entry["command"]) == ("command", "the command")
        assert 1 < entry["timeout"] <= 5


@pytest.mark.parametrize("content", ACCEPTED.values(), ids=ACCEPTED)
def test_adding_and_removing_all_hooks_restores_the_settings(content: bytes) -> None:
    text = content.decode()
    merged = merge(text, entries((2, 1, 329), "exec /p /d/acd_hook.py claude-code"), "claude-code")
    assert unmerge(merged, "claude-code", text) == text
