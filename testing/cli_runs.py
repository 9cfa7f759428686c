"""How tests run `acd`: inside this process, as a process, or on a terminal.

Responsible for running it in a place and for what came of it. It refuses to
know what any test expects.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from testing.support import WAIT, Place

PROGRAM = (sys.executable, "-m", "acd")


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def run(place: Place, *args: str, **options: Any) -> Ran:
    """Runs it as a process of its own, to its end."""
    done = subprocess.run(
        [*PROGRAM, *args],
        env=place.environ,
        cwd=place.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT,
        **options,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def start(place: Place, *args: str, **options: Any) -> subprocess.Popen[str]:
    """Starts it with its output in pipes."""
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.Popen(
        [*PROGRAM, *args],
        env=place.environ,
        cwd=place.root,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def on_terminal(
    place: Place, *args: str, columns: int = 80, environ: Mapping[str, str] | None = None
) -> str:
    """Runs it on a terminal of so many columns; what it showed there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [*PROGRAM, *args],
        env={**place.environ, "TERM": "xterm-256color", **(environ or {})},
        cwd=place.root,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # EIO: nobody holds the other end any more
        while data := os.read(ours, 65536):
            shown += data
    os.close(ours)
    process.wait(WAIT)
    return shown.decode().replace("\r\n", "\n")


def until(
    reached: Callable[[], bool], instead: Callable[[], str] = lambda: "it never came"
) -> None:
    """Waits for what nobody tells of; `instead` says what there is if it never comes."""
    deadline = time.monotonic() + WAIT
    while not reached():
        assert time.monotonic() < deadline, instead()
        time.sleep(0.005)


def until_subscribed(place: Place, count: int = 1) -> None:
    """Waits until so many subscribers are there."""
    with place.client() as client:
        until(lambda: client.info()["subscribers"] == count)
