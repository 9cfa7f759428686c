"""A daemon that the tests of the command line share, emptied for each of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from acd.__main__ import main
from testing.cli_runs import Ran, until_subscribed
from testing.support import DaemonHome, LineClient
from testing.tmux import Tmux, Viewer

Acd = Callable[..., Ran]
ViewStatusLine = Callable[..., Viewer]


@pytest.fixture(scope="session")
def _shared() -> Iterator[DaemonHome]:
    with DaemonHome() as made:
        made.start()
        yield made


@pytest.fixture
def served(_shared: DaemonHome, monkeypatch: pytest.MonkeyPatch) -> DaemonHome:
    """A home with a daemon in it, and no session."""
    for name, value in _shared.environ.items():
        monkeypatch.setenv(name, value)
    with _shared.client() as client:
        client.ask_all(*(f"DELETE {session}" for session in client.sessions()))
    return _shared


@pytest.fixture
def client(served: DaemonHome) -> Iterator[LineClient]:
    with served.client() as connected:
        yield connected


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[DaemonHome]:
    """A home of the test's own, without a daemon."""
    with DaemonHome() as made:
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def acd(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Acd:
    """The program, run in this process."""

    def run(*args: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["acd", *args])
        capsys.readouterr()
        code = main()
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@pytest.fixture
def status_line(alone: DaemonHome) -> Iterator[ViewStatusLine]:
    """Starts a tmux with lines of configuration, in which `acd` is a command, and looks at it."""
    program = alone.root / "bin" / "acd"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m acd "$@"\n')
    program.chmod(0o755)
    alone.environ["PATH"] = f"{program.parent}:{alone.environ['PATH']}"
    started: list[Tmux] = []

    def look(*config: str) -> Viewer:
        tmux = Tmux(alone, "set -g status-right-length 150", *config, columns=160, rows=5)
        started.append(tmux)
        return tmux.attach()

    yield look
    for tmux in started:
        tmux.end()
    if alone.socket.exists():
        until_subscribed(alone, 0)  # a follower would wait for the next daemon
