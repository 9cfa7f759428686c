"""Other people's programs, run by the installer.

Runs one without a terminal and ends it in time; finds it on PATH. The caller gives its
environment (acd.system.environment).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """How a program ended and what it said."""

    status: int
    output: str
    errors: str


def which(name: str, environ: Mapping[str, str]) -> str | None:
    """The program of that name on this environment's PATH."""
    return shutil.which(name, path=environ.get("PATH", os.defpath))


def run(
    argv: Sequence[str], *, environ: Mapping[str, str], timeout: float, stdin: str = ""
) -> Answer | None:
    """Runs it to its end; None if it cannot be started or takes longer than `timeout` seconds."""
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell, and the caller names the program
            argv,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # A group of its own, so that what it started ends with it.
            start_new_session=True,
        )
    except OSError:
        return None
    with process:
        try:
            output, errors = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    return Answer(process.returncode, output, errors)
