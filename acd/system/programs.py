"""Runs other programs, without a terminal, in a process group of their own.

The caller gives the environment (acd.system.environment).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_PIPE: Final = subprocess.PIPE
_NULL: Final = subprocess.DEVNULL
TimeoutExpired = subprocess.TimeoutExpired


@dataclass(frozen=True)
class Completed:
    """The exit status and the output of a program that ended."""

    status: int
    output: str
    errors: str


def which(name: str, environ: Mapping[str, str]) -> str | None:
    """The path of the program of that name on the PATH of this environment; None without one."""
    return shutil.which(name, path=environ.get("PATH", os.defpath))


@contextlib.contextmanager
def process_group(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    stdin: int = _PIPE,
    stdout: int = _PIPE,
    stderr: int | None = _NULL,
    cwd: str | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Starts a program in a new session, which makes it the leader of a process group (setsid(2)).

    On exit the group is killed if the program still runs. The streams are
    UTF-8. Raises OSError, and ValueError for a NUL in an argument.
    """
    with subprocess.Popen(  # noqa: S603 - an argument list, never a shell
        argv,
        env=dict(environ),
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            kill_group(process)


def kill_group(process: subprocess.Popen[str]) -> None:
    """Kills a process_group() whose leader still runs, with all that the leader started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def execute(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    timeout: float,
    stdin: str = "",
    cwd: str | None = None,
    captures: bool = True,
) -> Completed:
    """Runs a program to its end.

    With `captures` false its output goes to /dev/null and its errors to our
    stderr. Raises OSError, ValueError for a NUL in an argument, and
    TimeoutExpired after `timeout` seconds.
    """
    with process_group(
        argv,
        environ=environ,
        stdin=_PIPE if stdin else _NULL,
        stdout=_PIPE if captures else _NULL,
        stderr=_PIPE if captures else None,
        cwd=cwd,
    ) as process:
        output, errors = process.communicate(stdin or None, timeout=timeout)
    return Completed(process.returncode, output or "", errors or "")


def run(
    argv: Sequence[str], *, environ: Mapping[str, str], timeout: float, stdin: str = ""
) -> Completed | None:
    """As execute(); None where that raises."""
    try:
        return execute(argv, environ=environ, timeout=timeout, stdin=stdin)
    except (OSError, ValueError, TimeoutExpired):
        return None


def start_detached(
    argv: Sequence[str], *, environ: Mapping[str, str], cwd: str | None = None
) -> None:
    """Starts a program that outlives this one. Raises OSError, ValueError."""
    subprocess.Popen(  # noqa: S603 - an argument list, never a shell
        argv,
        env=dict(environ),
        cwd=cwd,
        stdin=_NULL,
        stdout=_NULL,
        stderr=_NULL,
        start_new_session=True,
    )
