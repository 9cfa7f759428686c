"""Configuration of the notifier under test, and a command that reports each of its runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from testing.support import DaemonHome

# One line for each run: the variables of acd, and stdin.
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


def make_fifo(home: DaemonHome) -> Path:
    """A new fifo, at which each run of the command waits until the test has read its line."""
    fifo = home.root / "fifo"
    os.mkfifo(fifo)
    return fifo


def report_command(fifo: Path) -> list[str]:
    """The command that writes its variables and its stdin to that fifo."""
    return [sys.executable, "-c", _REPORT, str(fifo)]


def has_ended(pid: int) -> bool:
    """Whether the process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
