"""Runs a function in a forked process and injects faults at its system calls (strace(1))."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from acd.errors import AcdError

CALLS: Final = (
    *("openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "mkdir", "mkdirat"),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"),
    *("unlink", "unlinkat", "rmdir", "chmod", "fchmod", "fchmodat", "fchown", "utimensat"),
    *("setxattr", "fsetxattr", "flock"),
)
"""The calls that change files, and openat, which creates them."""

REFUSED: Final = 1
"""The exit code of run(): an error with a message for the user."""
CRASHED: Final = 2
"""The exit code of run(): any other exception."""

_SECONDS: Final = 30
_PR_SET_PTRACER: Final = 0x59616D61
_PR_SET_PTRACER_ANY: Final = -1


@dataclass(frozen=True)
class Fault:
    """What strace injects at the `number`th time that a call is made."""

    call: str
    number: int
    what: str
    """As strace writes it: `signal=KILL`, `error=ENOSPC`."""

    def __str__(self) -> str:
        return f"{self.what} at {self.call} {self.number}"


def why_unavailable() -> str | None:
    """Returns why no faults can be injected here; None where they can."""
    if sys.platform != "linux" or shutil.which("strace") is None:
        return "needs strace"
    done = subprocess.run(["strace", "-qq", "true"], capture_output=True, check=False)
    return "strace may not trace here" if done.returncode else None


def faults(function: Callable[[], None], what: str, directory: Path) -> Iterator[Fault]:
    """Yields one fault for each time that the function makes one of CALLS."""
    trace = directory / "trace"
    assert run(function, ["-o", str(trace), "-e", f"trace={_calls()}"]) == 0
    made = re.findall(r"^(?:\d+ +)?(\w+)\(", trace.read_text(), re.MULTILINE)
    for call, count in Counter(made).items():
        for number in range(1, count + 1):
            yield Fault(call, number, what)


def run_with(fault: Fault, function: Callable[[], None]) -> int:
    """Runs the function with that fault. Returns what run() returns."""
    inject = f"inject={fault.call}:{fault.what}:when={fault.number}"
    return run(function, ["-o", os.devnull, "-e", f"trace={fault.call}", "-e", inject])


def run(function: Callable[[], None], options: list[str]) -> int:
    """Runs it under strace. Returns 0, REFUSED, CRASHED, or -9 if it was killed."""
    gate, opener = os.pipe()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - in the child
        _child(function, gate, opener)
    os.close(gate)
    try:
        with subprocess.Popen(
            ["strace", "-p", str(pid), *options], stderr=subprocess.PIPE, text=True
        ) as tracer:
            try:
                assert tracer.stderr is not None
                attached = tracer.stderr.readline()
                assert "attached" in attached, attached
                os.write(opener, b".")
                _, status = os.waitpid(pid, 0)
                pid = 0
                tracer.wait(_SECONDS)
            finally:
                tracer.kill()
    finally:
        os.close(opener)
        if pid:
            os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _child(function: Callable[[], None], gate: int, opener: int) -> None:  # pragma: no cover
    status = CRASHED
    try:
        os.close(opener)
        # Where only ancestors may trace (Yama), every process may trace this one.
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _PR_SET_PTRACER_ANY, 0, 0, 0)
        if os.read(gate, 1):
            function()
            status = 0
    except AcdError:
        status = REFUSED
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(status)


def _calls() -> str:
    # A `?` makes strace skip a call that this architecture does not have.
    return ",".join(f"?{call}" for call in CALLS)


available = pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable()))
