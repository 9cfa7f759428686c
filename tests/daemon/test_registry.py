"""Claude Code's registry: dialogs that ask, and the version of the client."""

from __future__ import annotations

import pytest

from acd.agents.claude_code.observer import ASKING
from testing.fake_agent import ASKS, FakeAgent, next_update, wait_for_the_read
from testing.support import DaemonHome, DaemonProcess, LineClient


@pytest.mark.parametrize("waiting_for", sorted(ASKING))
def test_a_dialog_that_asks_is_a_question_without_any_hook(
    agent: FakeAgent, client: LineClient, subscriber: LineClient, waiting_for: str
) -> None:
    agent.hook(client, "PreToolUse", **ASKS)
    assert next_update(subscriber) == ("s", "working")
    agent.registers("waiting", waitingFor=waiting_for)
    assert next_update(subscriber) == ("s", "question")
    assert client.get("s")["evidence"] == "registry"
    assert client.get("s")["prompt"] is None


@pytest.mark.parametrize(("status", "becomes"), [("busy", "working"), ("idle", "attention")])
def test_an_answered_or_dismissed_dialog_is_no_question(
    agent: FakeAgent, client: LineClient, subscriber: LineClient, status: str, becomes: str
) -> None:
    agent.hook(client, "PreToolUse", **ASKS)
    agent.registers("waiting", waitingFor="permission prompt")
    assert [next_update(subscriber) for _ in range(2)] == [("s", "working"), ("s", "question")]
    agent.registers(status)
    assert next_update(subscriber) == ("s", becomes)


def test_the_hook_that_asks_gives_the_question_its_text(
    agent: FakeAgent, client: LineClient, subscriber: LineClient
) -> None:
    agent.hook(client, "PreToolUse", **ASKS)
    agent.registers("waiting", waitingFor="permission prompt")
    assert [next_update(subscriber) for _ in range(2)] == [("s", "working"), ("s", "question")]
    agent.hook(client, "PermissionRequest", **ASKS)
    assert next_update(subscriber) == ("s", "question")
    assert client.get("s")["prompt"] == "Bash: make"


NO_QUESTION = [
    {"waitingFor": "dialog open"},
    {"waitingFor": "something of tomorrow"},
    {"waitingFor": ["permission prompt"]},
    {},
]


@pytest.mark.parametrize("fields", NO_QUESTION, ids=str)
def test_a_dialog_that_the_user_opened_leaves_an_interrupted_turn_interrupted(
    agent: FakeAgent, client: LineClient, subscriber: LineClient, fields: dict[str, object]
) -> None:
    agent.hook(client, "UserPromptSubmit")
    agent.registers("idle")
    assert [next_update(subscriber) for _ in range(2)] == [("s", "working"), ("s", "attention")]
    agent.registers("waiting", **fields)
    wait_for_the_read(agent, client)
    assert client.get("s")["status"] == "attention"


@pytest.mark.parametrize("fields", NO_QUESTION, ids=str)
def test_a_dialog_that_the_user_opened_during_a_turn_leaves_it_working(
    agent: FakeAgent, client: LineClient, subscriber: LineClient, fields: dict[str, object]
) -> None:
    agent.hook(client, "UserPromptSubmit")
    agent.registers("waiting", **fields)
    wait_for_the_read(agent, client)
    assert client.get("s")["status"] == "working"


def test_the_newest_client_is_in_info_and_logged_once(
    agent: FakeAgent, client: LineClient, subscriber: LineClient, daemon: DaemonProcess
) -> None:
    assert client.info()["clients"] == {}
    agent.hook(client, "UserPromptSubmit")
    assert next_update(subscriber) == ("s", "working")
    for version, status, becomes in (
        ("2.1.329", "idle", "attention"),
        ("2.1.1000", "busy", "working"),
        ("2.1.332", "idle", "attention"),
    ):
        agent.registers(status, version=version)
        assert next_update(subscriber) == ("s", becomes)
    assert client.info()["clients"] == {"claude-code": "2.1.1000"}
    logged = [line for line in daemon.log().splitlines() if "Claude Code 2." in line]
    assert len(logged) == 2
    assert "Claude Code 2.1.1000 is in use: acd doctor shows whether it lacks hooks" in logged[-1]


@pytest.mark.parametrize(
    "version", [None, 2.1, "2.1", "v2.1.0", "2.1.0-beta", "2.1.0\n", ["2.1.0"]]
)
def test_an_invalid_version_is_not_in_info(
    agent: FakeAgent, client: LineClient, subscriber: LineClient, version: object
) -> None:
    agent.hook(client, "UserPromptSubmit")
    agent.registers("idle", version=version)
    assert [next_update(subscriber) for _ in range(2)] == [("s", "working"), ("s", "attention")]
    assert client.info()["clients"] == {}


def test_the_clients_version_is_found_after_a_restart(
    home: DaemonHome, agent: FakeAgent, client: LineClient, daemon: DaemonProcess
) -> None:
    agent.hook(client, "PermissionRequest", **ASKS)
    daemon.kill()
    agent.registers("idle", version="2.1.329")
    home.start()
    with home.client() as again:
        again.send("SUBSCRIBE")
        while "attention" not in again.line():
            pass
    with home.client() as again:
        assert again.info()["clients"] == {"claude-code": "2.1.329"}
