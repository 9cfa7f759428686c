"""Runs `acd` for tests: as a process, or on a terminal."""

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

from testing.support import WAIT, DaemonHome

PROGRAM = (sys.executable, "-m", "acd")


@dataclass(frozen=True)
class Ran:
    """The result of a run."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def run(home: DaemonHome, *args: str, **options: Any) -> Ran:
    """Runs acd as a process until it ends."""
    done = subprocess.run(
        [*PROGRAM, *args],
        env=home.environ,
        cwd=home.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT,
        **options,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def start(home: DaemonHome, *args: str, **options: Any) -> subprocess.Popen[str]:
    """Starts acd with its output in pipes."""
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.Popen(
        [*PROGRAM, *args],
        env=home.environ,
        cwd=home.root,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def on_terminal(
    home: DaemonHome, *args: str, columns: int = 80, environ: Mapping[str, str] | None = None
) -> str:
    """Runs acd on a terminal of this width; returns its output."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [*PROGRAM, *args],
        env={**home.environ, "TERM": "xterm-256color", **(environ or {})},
        cwd=home.root,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        while data := os.read(ours, 65536):
            shown += data
    os.close(ours)
    process.wait(WAIT)
    return shown.decode().replace("\r\n", "\n")


def until(reached: Callable[[], bool], instead: Callable[[], str] = lambda: "not reached") -> None:
    """Polls until the condition holds; after WAIT it fails with the text of `instead`."""
    deadline = time.monotonic() + WAIT
    while not reached():
        assert time.monotonic() < deadline, instead()
        time.sleep(0.005)


def until_subscribed(home: DaemonHome, count: int = 1) -> None:
    """Waits until the daemon has this many subscribers."""
    with home.client() as client:
        until(lambda: client.info()["subscribers"] == count)
