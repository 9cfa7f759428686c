"""Claude Code, its fake model and acd, or a recorder, for each scenario and client version."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.e2e import client, compatibility
from testing.e2e.agent import ClaudeTestbed, ClaudeTui
from testing.e2e.daemon import SubscribedDaemon
from testing.e2e.home import ClaudeHome
from testing.e2e.installation import WITHOUT_DIALOGS, installed_hooks, without_dialogs
from testing.e2e.messages_api import MessagesAPI
from testing.e2e.recorder import ScenarioRecorder


@pytest.fixture(scope="session", params=client.VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    named: str = request.param
    return named


@pytest.fixture(scope="session")
def executable(version: str) -> Path:
    """The client of that version; without it the tests are skipped."""
    if sys.platform != "linux":
        pytest.skip("the end-to-end tests watch processes by pidfd: Linux only")
    try:
        if shutil.which("tmux") is None:
            raise client.ClientUnavailable("tmux is not on PATH")
        return client.installed(version)
    except client.ClientUnavailable as reason:
        # A skip on a machine that reaches the registry would hide a failure.
        if os.environ.get("ACD_CI") == "1" and client.registry_answers():
            pytest.fail(
                f"Claude Code {version} is in the registry, and was not installed: {reason}"
            )
        pytest.skip(f"no Claude Code {version} to try acd with: {reason}")


@pytest.fixture(scope="session")
def model() -> Iterator[MessagesAPI]:
    with MessagesAPI() as api:
        yield api


@pytest.fixture(scope="session")
def all_hooks(executable: Path) -> Iterator[dict[str, Any]]:
    with installed_hooks(executable) as hooks:
        yield hooks


@pytest.fixture(scope="session")
def hooks(all_hooks: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """All hooks, or as installation.by_hooks_and_registry asks."""
    few = getattr(request, "param", "") == WITHOUT_DIALOGS
    return without_dialogs(all_hooks) if few else all_hooks


@pytest.fixture
def testbed(
    executable: Path,
    version: str,
    model: MessagesAPI,
    hooks: dict[str, Any],
    request: pytest.FixtureRequest,
) -> Iterator[ClaudeTestbed]:
    record = os.environ.get("ACD_RECORD")
    test = request.node.originalname.removeprefix("test_")
    scenario = f"{test} {compatibility.other_parameters(request.node, version)}".replace(" ", "_")
    with ClaudeHome(model.url, hooks) as home:
        acd = (
            ScenarioRecorder(home, Path(record) / version / f"{scenario}.jsonl")
            if record
            else SubscribedDaemon(home)
        )
        try:
            yield ClaudeTestbed(executable, home, model, acd)
        finally:
            model.forget()
            acd.close()
        compatibility.note(request.node, "Claude Code", version, acd.delays, parameter=version)


@pytest.fixture
def agent(testbed: ClaudeTestbed) -> Iterator[ClaudeTui]:
    """A client that has just started, and that acd shows as waiting for its user."""
    with testbed.interactive() as agent:
        agent.expect("attention", since=agent.started)
        yield agent


pytest_runtest_logreport = compatibility.take
pytest_sessionfinish = compatibility.write
