"""A non-interactive run of an agent."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from testing.closing import Closing
from testing.e2e.moment import PATIENCE, Moment


class Run(Closing):
    """One process and its output; it is killed at the end of its `with`."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], cwd: Path) -> None:
        self._process = subprocess.Popen(
            argv,
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> Moment:
        now = Moment.now()
        self._process.kill()
        return now

    def wait(self) -> tuple[Moment, str]:
        """Waits for its end; returns that moment and its output."""
        output, _ = self._process.communicate(timeout=PATIENCE)
        return Moment.now(), output
