"""What a daemon asks of the kernel, as strace(1) sees it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from testing.support import WAIT

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace")


class Strace:
    """One trace, written to a file beside what is traced."""

    def __init__(self, program: str, log: Path):
        self._program = program
        self._log = log

    def of(self, command: Sequence[str], calls: str) -> list[str]:
        """The command that runs another one, and notes its calls."""
        # The tracer is a grandchild, so that the pid is that of what is traced.
        options = ["-D", "-f", "-qq", "-s", "4096", "-e", "signal=none", "-e", f"trace={calls}"]
        return [self._program, *options, "-o", str(self._log), *command]

    def calls(self) -> list[str]:
        """Every call so far, without the pid that made it."""
        lines = self._log.read_text(errors="replace").splitlines()
        return [line.split(None, 1)[1] for line in lines]


class Watched:
    """What a running process does while the block runs."""

    def __init__(self, pid: int, log: Path):
        self._pid = pid
        self._log = log

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["strace", "-f", "-o", str(self._log), "-p", str(self._pid)],
            stderr=subprocess.PIPE,
        )
        assert self._process.stderr is not None
        line = self._process.stderr.readline()
        assert b"attached" in line, line
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(WAIT)

    def watch(self, seconds: float) -> list[str]:
        """The lines of so many seconds, the call that it was in at the beginning not among them."""
        time.sleep(seconds)
        return self._log.read_text().splitlines()
