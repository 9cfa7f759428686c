"""A place in which somebody notifies, and a command that tells the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testing.cli_runs import start, until_subscribed
from testing.desktop_server import NotificationServer, session_bus
from testing.support import Place, place

# One line for each run: the facts, and what came in.
_TELL = """
import json, os, signal, sys
signal.alarm(30)  # a test that has failed reads nothing
facts = {key: value for key, value in os.environ.items() if key.startswith("ACD_")}
with open(sys.argv[1], "w") as told:
    told.write(json.dumps([facts, json.load(sys.stdin)]) + "\\n")
"""

Notify = Callable[[], "subprocess.Popen[str]"]

needs_bus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon")

NOW = "grace_seconds = 0\nafter_seconds = 0\n"
DESKTOP = f"[notify]\ndesktop = true\n{NOW}"


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
def server(bus: str) -> NotificationServer:
    """A desktop that shows notifications, and tells of no clicks."""
    return NotificationServer(bus, ["body", "body-markup"])


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


def pipe(here: Place) -> Path:
    """Where each run of the command waits until the test has read what it tells."""
    told = here.root / "told"
    os.mkfifo(told)
    return told


def tell(told: Path) -> list[str]:
    """The command."""
    return [sys.executable, "-c", _TELL, str(told)]


def has_ended(pid: int) -> bool:
    """Whether nothing of a process runs any more; it may not have been reaped yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
