"""Fixtures: each test of the daemon has its own directory and real processes."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec

import pytest

from testing.fake_agent import FakeAgent
from testing.strace import Strace
from testing.support import DaemonHome, DaemonProcess, LineClient


@pytest.fixture(name="home")
def _home() -> Iterator[DaemonHome]:
    with DaemonHome() as made:
        yield made


@pytest.fixture
def daemon(home: DaemonHome) -> DaemonProcess:
    """A running daemon that bound its own socket."""
    return home.start()


@pytest.fixture
def client(home: DaemonHome, daemon: DaemonProcess) -> Iterator[LineClient]:
    with home.client() as connected:
        yield connected


@pytest.fixture
def agents(home: DaemonHome) -> Iterator[Callable[..., FakeAgent]]:
    with ExitStack() as stack:

        def make(session: str = "s", config: str = ".claude") -> FakeAgent:
            agent = FakeAgent(home.root / config, session)
            stack.callback(agent.end)
            agent.registry.mkdir(parents=True, exist_ok=True)
            return agent

        yield make


@pytest.fixture
def agent(agents: Callable[..., FakeAgent]) -> FakeAgent:
    return agents()


@pytest.fixture
def subscriber(home: DaemonHome, daemon: DaemonProcess) -> Iterator[LineClient]:
    with home.client() as connected:
        assert connected.ask("SUBSCRIBE").startswith("STATE")
        yield connected


@pytest.fixture(name="strace")
def _strace(home: DaemonHome) -> Strace:
    program = shutil.which("strace")
    if program is None:
        pytest.skip("strace is not here")
    return Strace(program, home.root / "strace.log")


@pytest.fixture
def journal_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """The log of the journal."""
    monkeypatch.setattr(logging.getLogger("acd"), "propagate", True)
    caplog.set_level(logging.NOTSET, logger="acd")
    return caplog


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_systemd_python: systemd-python is installed")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("needs_systemd_python") and find_spec("systemd") is None:
        pytest.skip("systemd-python is not installed")
