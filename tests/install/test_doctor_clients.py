"""The lines of `acd install`, `doctor` and `status` about the installed clients."""

from __future__ import annotations

import json
import os
from pathlib import Path

from acd.agents.claude_code.clients import PROGRAM
from testing.doctor import doctor, status
from testing.support import LineClient
from testing.user_home import NEW_CLIENT, User


def _editor(user: User, version: str, editor: str = ".vscode") -> Path:
    """Makes an editor's extension whose client prints that version."""
    name = f"anthropic.claude-code-{version}-linux-x64"
    program = user.home / editor / "extensions" / name / PROGRAM
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{version} (Claude Code)'\n")
    program.chmod(0o755)
    return program


def test_a_client_with_more_events_than_are_hooked_is_a_problem(user: User) -> None:
    user.claude("2.1.78")
    user.install()
    user.acd("stop")
    (user.home / "bin/claude").unlink()
    program = _editor(user, NEW_CLIENT)
    output = doctor(user, 1)
    assert f"✓ claude   {NEW_CLIENT} ({program})" in output
    assert "no hook on PostToolBatch\n" in output
    user.install()
    assert "no hook on" not in doctor(user, 1)


def test_without_a_client_doctor_names_the_events_without_a_hook(user: User) -> None:
    user.install()
    output = doctor(user, 1)
    assert (
        "· claude   none found on PATH, in the usual places or in an editor's extensions" in output
    )
    assert "acd install adds hooks on PostToolBatch once one is found that has them" in output
    assert "no hook on" not in output


def test_hooks_that_were_made_for_a_client_stay_when_it_is_not_found(whole: User) -> None:
    (whole.home / "bin/claude").unlink()
    before = whole.settings.read_bytes()
    output = doctor(whole, 0)
    assert "PostToolBatch" not in output
    whole.install()
    assert whole.settings.read_bytes() == before


def test_a_client_too_old_to_read_the_settings_decides_and_is_named(whole: User) -> None:
    old = _editor(whole, "2.1.76")
    output = whole.install()
    missed = "PostToolBatch, StopFailure"
    why = f"2.1.76 ({old}) is older than {NEW_CLIENT}: it would ignore its whole settings file"
    assert f"Claude Code {why} if that named {missed}" in output
    assert f"✗ claude   {why} if that named {missed}" in doctor(whole, 1)
    assert "StopFailure" not in whole.settings.read_text()
    assert "Elicitation" in whole.settings.read_text()


def test_a_client_that_may_not_support_a_hooked_event_is_named(whole: User) -> None:
    old = _editor(whole, "2.1.150")
    output = doctor(whole, 0)
    assert f"✓ claude   {NEW_CLIENT} " in output
    assert f"· claude   2.1.150 ({old}) is older than {NEW_CLIENT}: it may not support" in output


def test_a_newer_client_that_the_daemon_has_met_gets_its_events_from_an_install(
    user: User,
) -> None:
    user.claude("2.1.150")
    user.install()
    assert "PostToolBatch" not in user.settings.read_text()
    # This process stands for the client: the Agent SDKs bring one in no usual place.
    sessions = user.home / ".claude/sessions"
    sessions.mkdir()
    entry = {"pid": os.getpid(), "sessionId": "s", "status": "idle", "statusUpdatedAt": 1}
    (sessions / f"{os.getpid()}.json").write_text(json.dumps({**entry, "version": NEW_CLIENT}))
    meta = json.dumps({"pid": os.getpid(), "config_dir": str(sessions.parent)})
    event = json.dumps({"session_id": "s", "hook_event_name": "UserPromptSubmit"})
    with LineClient(user.socket) as client:
        assert client.ask(f"HOOK claude-code {meta.replace(' ', '')} {event}") == "OK"
        while not client.info()["clients"]:
            pass
    output = doctor(user, 1)
    assert f"{NEW_CLIENT} (in use, as the daemon has seen)" in output
    assert "no hook on PostToolBatch\n" in output
    [hooks] = [line for line in status(user) if line.startswith("hooks ")]
    assert "not current (no hook on PostToolBatch); acd install repairs it" in hooks
    user.install()
    assert "PostToolBatch" in user.settings.read_text()
    assert "no hook on" not in doctor(user, 1)
