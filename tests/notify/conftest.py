"""A home with a notifier, and a notification command that reports to the test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from testing.cli_runs import start, until_subscribed
from testing.desktop_server import NotificationServer, session_bus
from testing.notifier import Notify
from testing.support import DaemonHome


@pytest.fixture
def here() -> Iterator[DaemonHome]:
    with DaemonHome() as made:
        yield made


@pytest.fixture
def bus(here: DaemonHome) -> Iterator[str]:
    """The address of a session bus, which `here.environ` names."""
    with session_bus(here.root) as address:
        here.environ["DBUS_SESSION_BUS_ADDRESS"] = address
        yield address


@pytest.fixture
def server(bus: str) -> NotificationServer:
    """A notification server without actions, so without clicks."""
    return NotificationServer(bus, ["body", "body-markup"])


@pytest.fixture
def notify(here: DaemonHome) -> Iterator[Notify]:
    """Starts `acd notify` and waits until it has subscribed."""
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
