"""Signals that no hook reports: the end of the agent's process, and Claude Code's registry.

A process stands for the agent, with a registry file as the real client writes it; the real
client is in tests/e2e.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable

import pytest

from acd.system.process import identify
from testing.fake_agent import (
    ASKS,
    FakeAgent,
    next_update,
    wait_for_the_read,
)
from testing.strace import Attached
from testing.support import DaemonHome, DaemonProcess, LineClient

# The registry -------------------------------------------------------------------


def test_idle_after_the_last_hook_is_attention(
    agent: FakeAgent, client: LineClient, subscriber: LineClient
) -> None:
    agent.hook(client, "UserPromptSubmit")
    assert next_update(subscriber) == ("s", "working")
    agent.registers("idle")
    assert next_update(subscriber) == ("s", "attention")
    assert client.get("s")["evidence"] == "registry"


def test_a_file_that_an_earlier_process_of_that_pid_left_changes_nothing(
    agent: FakeAgent, client: LineClient, subscriber: LineClient
) -> None:
    agent.hook(client, "PermissionRequest", **ASKS)
    assert next_update(subscriber) == ("s", "question")
    agent.registers("idle", procStart="1")
    wait_for_the_read(agent, client)
    assert client.get("s")["status"] == "question"
    found = identify(agent.process.pid)
    assert found is not None
    agent.registers("busy", procStart=str(found.start))
    while (update := next_update(subscriber))[0] != "s":
        pass
    assert update == ("s", "working")


@pytest.mark.parametrize(("status", "becomes"), [("busy", "working"), ("idle", "attention")])
def test_a_question_ends_when_its_answer_or_dismissal_is_observed(
    agent: FakeAgent, client: LineClient, subscriber: LineClient, status: str, becomes: str
) -> None:
    agent.hook(client, "PermissionRequest", **ASKS)
    assert next_update(subscriber) == ("s", "question")
    agent.registers(status)
    assert next_update(subscriber) == ("s", becomes)


def test_a_status_from_before_the_last_hook_changes_nothing(
    agent: FakeAgent, client: LineClient, subscriber: LineClient
) -> None:
    agent.hook(client, "UserPromptSubmit")
    assert next_update(subscriber) == ("s", "working")
    agent.registers("idle", statusUpdatedAt=time.time_ns() // 1_000_000 - 5000)
    # The first status is replaced before the file is read.
    agent.registers("busy")
    agent.hook(client, "PostToolUse")
    assert next_update(subscriber) == ("s", "working")
    assert client.get("s")["status"] == "working"


def test_a_status_that_lasts_for_a_moment_is_ignored(
    daemon: DaemonProcess, agent: FakeAgent, client: LineClient, subscriber: LineClient
) -> None:
    agent.hook(client, "UserPromptSubmit")
    assert next_update(subscriber) == ("s", "working")
    daemon.signal(signal.SIGSTOP)  # the moment is shorter than its delay, on any machine
    agent.registers("idle")
    agent.registers("busy")
    daemon.signal(signal.SIGCONT)
    agent.hook(client, "PermissionRequest", **ASKS)
    assert next_update(subscriber) == ("s", "question")


def test_a_file_that_is_half_written_is_read_when_it_is_whole(
    agent: FakeAgent, client: LineClient, subscriber: LineClient
) -> None:
    agent.hook(client, "UserPromptSubmit")
    assert next_update(subscriber) == ("s", "working")
    whole = agent.entry("idle")
    agent.file.write_text(whole[: len(whole) // 2])
    agent.file.write_text(whole)
    assert next_update(subscriber) == ("s", "attention")


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "[]",
        "null",
        '"idle"',
        "{",
        "\0" * 100,
        "[" * 50_000,
        '{"status": "idle"}',
        '{"pid": "1", "sessionId": 5, "status": ["idle"], "statusUpdatedAt": "now"}',
    ],
    ids=lambda text: repr(text[:20]),
)
def test_a_foreign_file_is_ignored_and_the_next_whole_one_counts(
    agent: FakeAgent, client: LineClient, subscriber: LineClient, foreign: str
) -> None:
    agent.hook(client, "UserPromptSubmit")
    assert next_update(subscriber) == ("s", "working")
    agent.file.write_text(foreign)
    agent.registers("idle")
    assert next_update(subscriber) == ("s", "attention")


@pytest.mark.parametrize("wrong", ["pid", "sessionId", "status", "statusUpdatedAt"])
def test_an_entry_with_a_wrong_field_is_ignored(
    agent: FakeAgent, client: LineClient, subscriber: LineClient, wrong: str
) -> None:
    agent.hook(client, "UserPromptSubmit")
    assert next_update(subscriber) == ("s", "working")
    agent.registers("idle", **{wrong: {"idle": 1}})
    wait_for_the_read(agent, client)
    assert client.get("s")["status"] == "working"


def _link(agent: FakeAgent) -> None:
    target = agent.config_dir / "elsewhere.json"
    target.write_text(agent.entry("idle"))
    agent.file.symlink_to(target)


def _large(agent: FakeAgent) -> None:
    agent.file.write_text(agent.entry("idle", padding="x" * 70_000))


def _fifo(agent: FakeAgent) -> None:
    os.mkfifo(agent.file)


def _another_name(agent: FakeAgent) -> None:
    (agent.registry / f"{agent.process.pid}.json.tmp").write_text(agent.entry("idle"))
    (agent.registry / f"0{agent.process.pid}.json").write_text(agent.entry("idle"))


@pytest.mark.parametrize("put", [_link, _large, _fifo, _another_name])
def test_only_a_small_regular_file_with_the_right_name_is_read(
    agent: FakeAgent, client: LineClient, subscriber: LineClient, put: Callable[[FakeAgent], None]
) -> None:
    agent.hook(client, "UserPromptSubmit")
    assert next_update(subscriber) == ("s", "working")
    put(agent)
    wait_for_the_read(agent, client)
    assert client.get("s")["status"] == "working"


def test_a_directory_that_is_created_later_is_found_by_the_next_hook(
    agent: FakeAgent, client: LineClient, subscriber: LineClient
) -> None:
    agent.registry.rmdir()
    agent.hook(client, "UserPromptSubmit")
    assert next_update(subscriber) == ("s", "working")
    agent.registry.mkdir()
    agent.hook(client, "PreToolUse", **ASKS)
    assert next_update(subscriber) == ("s", "working")
    agent.registers("idle")
    assert next_update(subscriber) == ("s", "attention")


def test_several_configuration_directories_are_watched_at_once(
    agents: Callable[..., FakeAgent], client: LineClient, subscriber: LineClient
) -> None:
    one, other = agents("one", "a/.claude"), agents("other", "b/.claude")
    for agent in (one, other):
        agent.hook(client, "UserPromptSubmit")
        assert next_update(subscriber) == (agent.session, "working")
    other.registers("idle")
    assert next_update(subscriber) == ("other", "attention")
    one.registers("idle")
    assert next_update(subscriber) == ("one", "attention")


@pytest.mark.slow  # creates thousands of files
def test_stale_files_and_keys_are_not_opened(
    home: DaemonHome,
    agent: FakeAgent,
    client: LineClient,
    daemon: DaemonProcess,
    subscriber: LineClient,
) -> None:
    for pid in range(3_000_000, 3_002_000):
        (agent.registry / f"{pid}.json").write_text('{"status": "idle"}')
        (agent.registry / f"{pid}.key").write_text("secret")
    (agent.registry / f"{agent.process.pid}.key").write_text("secret")
    with Attached(daemon.pid, home.root / "strace.log") as trace:
        agent.hook(client, "UserPromptSubmit")
        assert next_update(subscriber) == ("s", "working")
        agent.registers("idle")
        (agent.registry / f"{agent.process.pid}.key").write_text("another")
        assert next_update(subscriber) == ("s", "attention")
    opened = [line for line in trace.lines() if "open" in line]
    files = [line for line in opened if str(agent.registry) in line]
    assert files
    assert all(f"{agent.process.pid}.json" in line for line in files)


def test_the_registry_is_read_after_a_restart(
    home: DaemonHome, agent: FakeAgent, client: LineClient, daemon: DaemonProcess
) -> None:
    agent.hook(client, "PermissionRequest", **ASKS)
    daemon.kill()
    agent.registers("idle")
    home.start()
    with home.client() as again:
        again.send("SUBSCRIBE")
        state = again.line()
        if json.loads(state.partition(" ")[2])[0]["status"] != "attention":
            assert next_update(again) == ("s", "attention")


# The process --------------------------------------------------------------------


def test_a_killed_agent_is_closed_at_once(
    agent: FakeAgent, client: LineClient, subscriber: LineClient
) -> None:
    agent.hook(client, "UserPromptSubmit")
    assert next_update(subscriber) == ("s", "working")
    agent.end()
    assert next_update(subscriber) == ("s", "closed")
    assert client.get("s")["evidence"] == "process"


def test_an_agent_that_ended_while_no_daemon_ran_is_closed_at_the_start(
    home: DaemonHome, agent: FakeAgent, client: LineClient, daemon: DaemonProcess
) -> None:
    agent.hook(client, "UserPromptSubmit")
    daemon.kill()
    agent.end()
    home.start()
    with home.client() as again:
        found = again.get("s")
    assert (found["status"], found["evidence"]) == ("closed", "process")


def test_a_pid_that_another_process_has_now_is_not_the_agent(
    home: DaemonHome, agent: FakeAgent, client: LineClient, daemon: DaemonProcess
) -> None:
    agent.hook(client, "UserPromptSubmit")
    daemon.kill()
    journal = home.socket.with_name(home.socket.name + ".journal")
    text = journal.read_text()
    start = recorded_start(text)
    # As if another process had had the pid when the session was recorded.
    journal.write_text(text.replace(f'"pid_start": {start}', f'"pid_start": {start - 1}'))
    home.start()
    with home.client() as again:
        assert again.get("s")["status"] == "closed"


def recorded_start(journal: str) -> int:
    """The start time of the agent's process in the journal."""
    return int(journal.partition('"pid_start": ')[2].partition("}")[0].partition(",")[0])


def test_a_process_younger_than_an_event_is_not_the_agent(
    agent: FakeAgent, client: LineClient
) -> None:
    agent.hook(client, "UserPromptSubmit", at=time.time_ns() - 3600 * 1_000_000_000)
    assert client.get("s")["pid"] is None


def test_an_event_of_another_machine_watches_no_process_here(
    agent: FakeAgent, client: LineClient, subscriber: LineClient
) -> None:
    meta = json.dumps({"pid": agent.process.pid, "host": "elsewhere"}, separators=(",", ":"))
    event = json.dumps({"session_id": "far", "hook_event_name": "UserPromptSubmit"})
    assert client.ask(f"HOOK claude-code {meta} {event}") == "OK"
    assert next_update(subscriber) == ("far", "working")
    agent.end()
    agent_again = FakeAgent(agent.config_dir, "near")
    try:
        agent_again.hook(client, "UserPromptSubmit")
        assert next_update(subscriber) == ("near", "working")
    finally:
        agent_again.end()
    assert next_update(subscriber) == ("near", "closed")
    assert client.get("far")["status"] == "working"


def test_a_session_without_a_pid_is_changed_by_its_hooks_only(
    client: LineClient, subscriber: LineClient
) -> None:
    event = json.dumps({"session_id": "s", "hook_event_name": "UserPromptSubmit"})
    assert client.ask(f"HOOK claude-code {{}} {event}") == "OK"
    assert next_update(subscriber) == ("s", "working")
    assert client.get("s")["pid"] is None
