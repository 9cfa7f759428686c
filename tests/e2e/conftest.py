"""The stage for every scenario: once per client version, with acd (or a recorder) looking on."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.e2e import client, compatibility
from testing.e2e.agent import Agent, Stage
from testing.e2e.daemon import Acd
from testing.e2e.home import ClaudeHome
from testing.e2e.installation import installed_hooks
from testing.e2e.messages_api import MessagesAPI
from testing.e2e.recorder import Recorder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session", params=client.VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    named: str = request.param
    return named


@pytest.fixture(scope="session")
def executable(version: str) -> Path:
    """The client of that version; without it there is nothing to try."""
    if sys.platform != "linux":
        pytest.skip("the end-to-end tests watch processes by pidfd: Linux only")
    try:
        if shutil.which("tmux") is None:
            raise client.ClientUnavailable("tmux is not on PATH")
        return client.installed(version)
    except client.ClientUnavailable as reason:
        # Where the client could be had, a run without it proves nothing.
        if os.environ.get("ACD_CI") == "1" and client.registry_answers():
            pytest.fail(f"Claude Code {version} could be had, and was not: {reason}")
        pytest.skip(f"no Claude Code {version} to try acd with: {reason}")


@pytest.fixture(scope="session")
def model() -> Iterator[MessagesAPI]:
    with MessagesAPI() as api:
        yield api


@pytest.fixture(scope="session")
def hooks(executable: Path) -> Iterator[dict[str, Any]]:
    with installed_hooks(executable) as hooks:
        yield hooks


@pytest.fixture
def stage(
    executable: Path,
    version: str,
    model: MessagesAPI,
    hooks: dict[str, Any],
    request: pytest.FixtureRequest,
) -> Iterator[Stage]:
    record = os.environ.get("ACD_RECORD")
    scenario = compatibility.behaviour(request.node.name, version).replace(" ", "_")
    with ClaudeHome(model.url, hooks) as home:
        acd = Recorder(home, Path(record) / version / f"{scenario}.jsonl") if record else Acd(home)
        try:
            yield Stage(executable, home, model, acd)
        finally:
            model.forget()
            acd.close()
        compatibility.note(request.node, "Claude Code", version, acd.delays, parameter=version)


@pytest.fixture
def agent(stage: Stage) -> Iterator[Agent]:
    """A client that has just been started, with acd seeing it wait for its user."""
    with stage.interactive() as agent:
        agent.expect("attention", since=agent.started)
        yield agent


pytest_runtest_logreport = compatibility.take
pytest_sessionfinish = compatibility.write
