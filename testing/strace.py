"""Records the system calls of a daemon with strace(1)."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from testing.closing import Closing
from testing.support import WAIT

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace")


class Strace:
    """One trace of a command, written to a log file."""

    def __init__(self, program: str, log: Path):
        self._program = program
        self._log = log

    def of(self, command: Sequence[str], calls: str) -> list[str]:
        """A command that runs another one and records its calls."""
        # -D: the tracer is a grandchild, so that the pid is that of the command.
        options = ["-D", "-f", "-qq", "-s", "4096", "-e", "signal=none", "-e", f"trace={calls}"]
        return [self._program, *options, "-o", str(self._log), *command]

    def calls(self) -> list[str]:
        """The calls so far, without their pids."""
        lines = self._log.read_text(errors="replace").splitlines()
        return [line.split(None, 1)[1] for line in lines]


def wakes_up(pid: int, log: Path) -> bool:
    """Whether the process does more than wait in one call, within two seconds."""
    with Attached(pid, log) as trace:
        time.sleep(2)  # no event reports that a process does nothing
        lines = trace.lines()
    # The call in which it waits, interrupted once by the tracer.
    return len(lines) > 2 or not all("poll" in line or "restart_syscall" in line for line in lines)


class Attached(Closing):
    """Traces a running process until it is closed."""

    def __init__(self, pid: int, log: Path):
        self._log = log
        self._process = subprocess.Popen(
            ["strace", "-f", "-o", str(log), "-p", str(pid)], stderr=subprocess.PIPE
        )
        assert self._process.stderr is not None
        line = self._process.stderr.readline()
        assert b"attached" in line, line

    def close(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=WAIT)

    def lines(self) -> list[str]:
        """The trace so far."""
        return self._log.read_text(errors="replace").splitlines()
