"""A home with a notifier, and a notification command that reports to the test."""

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

# Writes one line for each run: the facts, and the standard input.
_REPORT = """
import json, os, signal, sys
signal.alarm(30)  # a failed test does not read the FIFO
facts = {key: value for key, value in os.environ.items() if key.startswith("ACD_")}
with open(sys.argv[1], "w") as fifo:
    fifo.write(json.dumps([facts, json.load(sys.stdin)]) + "\\n")
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
    """The address of a session bus, which `here.environ` names."""
    with session_bus(here.root) as address:
        here.environ["DBUS_SESSION_BUS_ADDRESS"] = address
        yield address


@pytest.fixture
def server(bus: str) -> NotificationServer:
    """A notification server without actions, so without clicks."""
    return NotificationServer(bus, ["body", "body-markup"])


@pytest.fixture
def notify(here: Place) -> Iterator[Notify]:
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


def make_fifo(here: Place) -> Path:
    """The FIFO of report_command(): each run blocks until the test has read its line."""
    fifo = here.root / "fifo"
    os.mkfifo(fifo)
    return fifo


def report_command(fifo: Path) -> list[str]:
    """A notification command that writes its facts and its input to the FIFO, as JSON."""
    return [sys.executable, "-c", _REPORT, str(fifo)]


def has_ended(pid: int) -> bool:
    """Whether a process has ended; it may be a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
