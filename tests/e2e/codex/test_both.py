"""Both agents at once: real clients, each with its own model, in one daemon and one dashboard."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from testing.e2e import agent as claude
from testing.e2e.client import VERSIONS, ClientUnavailable, installed, registry_answers
from testing.e2e.codex.modes import only_in_one_process
from testing.e2e.codex.scenes import PERMISSION_DIALOG, CodexTestbed, CodexTui
from testing.e2e.home import ClaudeHome
from testing.e2e.installation import installed_hooks
from testing.e2e.messages_api import MessagesAPI
from testing.e2e.terminal import TmuxTerminal


@pytest.fixture
def agent(testbed: CodexTestbed) -> Iterator[claude.ClaudeTui]:
    """Claude Code, whose hooks send to the daemon of Codex's."""
    try:
        executable = installed(VERSIONS[0])
    except ClientUnavailable as reason:
        if os.environ.get("ACD_CI") == "1" and registry_answers():
            pytest.fail(f"Claude Code {VERSIONS[0]} was not installed: {reason}")
        pytest.skip(f"no Claude Code {VERSIONS[0]} beside Codex: {reason}")
    with (
        MessagesAPI() as model,
        installed_hooks(executable) as hooks,
        ClaudeHome(model.url, hooks) as home,
    ):
        home.environ["ACD_SOCKET"] = str(testbed.home.socket)
        with claude.ClaudeTestbed(executable, home, model, testbed.acd).interactive() as agent:
            agent.expect("attention", since=agent.started)
            yield agent


@pytest.fixture
def dashboard(testbed: CodexTestbed) -> Iterator[TmuxTerminal]:
    argv = [sys.executable, "-m", "acd", "dashboard"]
    root = testbed.home.root
    with TmuxTerminal(root / "dashboard", argv, testbed.home.environ, root) as terminal:
        yield terminal


def wait_for(dashboard: TmuxTerminal, headline: str, *rows: tuple[str, ...]) -> None:
    """Waits until the dashboard shows the headline, and each row's texts in one line."""

    def shows(screen: str) -> bool:
        lines = screen.splitlines()
        found = (any(all(text in line for text in row) for line in lines) for row in rows)
        return headline in screen and all(found)

    dashboard.wait_until(shows, f"{headline} and {rows}")


@only_in_one_process
def test_both_agents_at_once_are_right_in_one_daemon_and_one_dashboard(
    agent: claude.ClaudeTui, tui: CodexTui, dashboard: TmuxTerminal
) -> None:
    """With both agents in one daemon, the dashboard shows the right status of each."""
    # Both projects have the same name; the dashboard's HOME is Codex's.
    first, second = f"{agent.home.root.name}/project", "~/project"
    tui.expect("working", since=tui.prompt("HELD"))
    held = tui.api.take("HELD")
    agent.prompt("PERMISSION")
    agent.expect("question", since=agent.sees(claude.PERMISSION_DIALOG), via=("working",))
    tui.expect_still("working")
    question = "▲ question", "Bash: touch made-by-a-tool"
    wait_for(dashboard, "1 needs you", (first, *question), (second, "▸ working"))
    agents = {each["id"]: each["agent_type"] for each in tui.acd.sessions()}
    assert agents == {agent.session: "claude-code", tui.session: "codex"}

    agent.expect("attention", since=agent.answer(claude.PERMISSION_DIALOG, "Escape"))
    held.release()
    tui.expect("attention", since=held.wait_answered())
    wait_for(dashboard, "2 need you", (first, "● attention"), (second, "● attention"))

    agent.expect("working", since=agent.prompt("HELD"))
    tui.prompt("PERMISSION")
    tui.expect("question", since=tui.sees(PERMISSION_DIALOG), via=("working",))
    agent.expect_still("working")
    question = "▲ question", "Bash: ./wait-at-the-gate"
    wait_for(dashboard, "1 needs you", (first, "▸ working"), (second, *question))
    tui.expect("attention", since=tui.answer(PERMISSION_DIALOG, "Escape"))
    agent.expect_still("working")
