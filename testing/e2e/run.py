"""A run of an agent that nobody sits in front of, whichever it is."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from testing.e2e.moment import PATIENCE, Moment


class Run:
    """One process with its output, ended with its `with`."""

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
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
        """The moment at which it had ended, and what it printed."""
        said, _ = self._process.communicate(timeout=PATIENCE)
        return Moment.now(), said
