"""A place in which somebody notifies, and a command that tells the test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from testing.cli_runs import start, until_subscribed
from testing.desktop_server import Server, session_bus
from testing.notifier import Notify
from testing.support import Place, place


@pytest.fixture
def here() -> Iterator[Place]:
    with place() as made:
        yield made


@pytest.fixture
def bus(here: Place) -> Iterator[str]:
    """The address of a session bus, which is that of the place."""
    with session_bus(here.root) as address:
        here.environ["DBUS_SESSION_BUS_ADDRESS"] = address
        yield address


@pytest.fixture
def server(bus: str) -> Server:
    """A desktop that shows notifications, and tells of no clicks."""
    return Server(bus, ["body", "body-markup"])


@pytest.fixture
def notify(here: Place) -> Iterator[Notify]:
    """Starts `acd notify`, and returns when it has subscribed."""
    started = []

    def begin() -> subprocess.Popen[str]:
        process = start(here, "notify")
        started.append(process)
        until_subscribed(here)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()
