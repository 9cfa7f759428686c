"""Codex, its fake model and acd, for each scenario and mode."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.e2e import compatibility
from testing.e2e.client import ClientUnavailable, registry_answers
from testing.e2e.codex import client
from testing.e2e.codex.home import CodexHome
from testing.e2e.codex.modes import MODES, ONE_PROCESS, SHARED_SERVER
from testing.e2e.codex.network import Network
from testing.e2e.codex.responses_api import ResponsesAPI
from testing.e2e.codex.scenes import CodexTestbed, CodexTui
from testing.e2e.daemon import SubscribedDaemon


@pytest.fixture(scope="session")
def programs() -> Path:
    """The directory of Codex's program; without it the tests are skipped."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("Codex is tried in a network namespace: root on Linux only")
    try:
        for needed in ("tmux", "unshare", "nsenter", "ip"):
            if shutil.which(needed) is None:
                raise ClientUnavailable(f"{needed} is not on PATH")
        return client.installed()
    except ClientUnavailable as reason:
        # A skip on a machine that reaches the registry would hide a failure.
        if os.environ.get("ACD_CI") == "1" and registry_answers(client.PACKAGE):
            pytest.fail(f"Codex {client.VERSION} was not installed: {reason}")
        pytest.skip(f"no Codex {client.VERSION} to try acd with: {reason}")


@pytest.fixture(scope="session")
def network(programs: Path) -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture(scope="session")
def model(network: Network) -> Iterator[ResponsesAPI]:
    with ResponsesAPI(network.server) as api:
        yield api


@pytest.fixture
def home(programs: Path, network: Network, model: ResponsesAPI) -> Iterator[CodexHome]:
    with CodexHome(programs, model.url, network) as home:
        yield home
        model.forget()


@pytest.fixture(scope="session")
def packages() -> Iterator[Path]:
    """The directory of the programs of Codex's server: one copy for all homes."""
    with tempfile.TemporaryDirectory(prefix="acd-") as directory:
        yield Path(directory).resolve()


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """How Codex runs in a terminal: as one process, or in its default, a shared server."""
    named: str = request.param
    return named


@pytest.fixture
def testbed(
    home: CodexHome, model: ResponsesAPI, packages: Path, request: pytest.FixtureRequest
) -> Iterator[CodexTestbed]:
    mode = ONE_PROCESS
    if "mode" in request.fixturenames:
        mode = request.getfixturevalue("mode")
    if mode == SHARED_SERVER:
        home.share_a_server(packages)
    home.acd("install", "--hooks-only", "--agent", "codex", "--trust")
    home.acd("stop")  # the daemon of the hooks' test
    acd = SubscribedDaemon(home)
    try:
        yield CodexTestbed(home, model, acd)
    finally:
        acd.close()
    column = f"{client.VERSION}, {mode}"
    compatibility.note(request.node, "Codex", column, acd.delays, parameter=mode)


@pytest.fixture
def tui(testbed: CodexTestbed, mode: str) -> Iterator[CodexTui]:
    """Codex in a terminal, after one turn."""
    with testbed.interactive() as tui:
        tui.greet()
        yield tui
