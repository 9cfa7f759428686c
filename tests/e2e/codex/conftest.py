"""The stage for Codex: the real program, a stand-in for its model, and acd looking on."""

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
from testing.e2e.codex.scenes import Stage, Tui
from testing.e2e.daemon import Acd


@pytest.fixture(scope="session")
def programs() -> Path:
    """The directory of Codex's program; without it there is nothing to try."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("Codex is tried in a network namespace: root on Linux only")
    try:
        for needed in ("tmux", "unshare", "nsenter", "ip"):
            if shutil.which(needed) is None:
                raise ClientUnavailable(f"{needed} is not on PATH")
        return client.installed()
    except ClientUnavailable as reason:
        # Where it could be had, a run without it proves nothing.
        if os.environ.get("ACD_CI") == "1" and registry_answers(client.PACKAGE):
            pytest.fail(f"Codex {client.VERSION} could be had, and was not: {reason}")
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
    """Where Codex keeps the programs of its server: one copy of them for all homes."""
    with tempfile.TemporaryDirectory(prefix="acd-") as directory:
        yield Path(directory).resolve()


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """How Codex runs in a terminal: as one process, or in a server that all share, its default."""
    named: str = request.param
    return named


@pytest.fixture
def stage(
    home: CodexHome, model: ResponsesAPI, packages: Path, request: pytest.FixtureRequest
) -> Iterator[Stage]:
    mode = ONE_PROCESS
    if "mode" in request.fixturenames:
        mode = request.getfixturevalue("mode")
    if mode == SHARED_SERVER:
        home.share_a_server(packages)
    home.acd("install", "--hooks-only", "--agent", "codex", "--trust")
    home.acd("stop")  # the one that it tried the hooks on
    acd = Acd(home)
    try:
        yield Stage(home, model, acd)
    finally:
        acd.close()
    column = f"{client.VERSION}, {mode}"
    compatibility.note(request.node, "Codex", column, acd.delays, parameter=mode)


@pytest.fixture
def tui(stage: Stage, mode: str) -> Iterator[Tui]:
    """Codex in a terminal, after one turn."""
    with stage.interactive() as tui:
        tui.greet()
        yield tui
