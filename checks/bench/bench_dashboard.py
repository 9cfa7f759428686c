"""The dashboard on a real terminal device, fed by a real daemon.

    python -m checks.bench.bench_dashboard [SESSIONS] [UPDATES_A_SECOND]

It measures the first paint beside a bare Textual program's, in turns; the time from a SET
to its text on the terminal; and the dashboard's CPU time at rest and under updates.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from testing.closing import Closing
from testing.support import DaemonHome

BARE: Final = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("painted")
Bare().run()
"""
_WAIT: Final = 60.0
_STARTS: Final = 7
_SETS: Final = 60


class PseudoTerminal(Closing):
    """A program on a pseudo-terminal, and its output."""

    def __init__(self, command: Sequence[str], environ: dict[str, str], size: tuple[int, int]):
        columns, rows = size
        self._fd, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        os.close(slave)
        self.written = 0

    def close(self) -> None:
        """Ends the program."""
        self.process.kill()
        self.process.wait()
        os.close(self._fd)

    def wait_for(self, text: str) -> float:
        """Reads until the text appears; returns that time (perf_counter)."""
        wanted, seen = text.encode(), b""
        deadline = time.perf_counter() + _WAIT
        while time.perf_counter() < deadline:
            if data := self.read(1.0):
                now = time.perf_counter()
                seen = seen[-len(wanted) :] + data
                if wanted in seen:
                    return now
        raise AssertionError(f"never written: {text}\n{seen[-2000:]!r}")

    def read(self, seconds: float) -> bytes:
        """The next output; nothing after `seconds` without any."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return b""
        data = os.read(self._fd, 1 << 16)
        self.written += len(data)
        return data

    def drain(self, seconds: float) -> None:
        """Reads for this many seconds."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            self.read(left)

    def cpu(self) -> float:
        """Its CPU time in seconds (proc_pid_stat(5): utime and stime)."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fill(home: DaemonHome, sessions: int) -> None:
    """Creates sessions with ten changes each, one of them with a question."""
    statuses = ["working", "attention"] * 5
    for number in range(sessions):
        metadata = json.dumps(
            {"working_dir": f"/home/dev/src/project-{number % 97}", "prompt": f"step {number}"}
        )
        home.ask(*(f"SET session-{number} {status} {metadata}" for status in statuses))
    home.ask('SET asker question {"working_dir": "/home/dev/src/asker", "prompt": "go?"}')


def start(home: DaemonHome, size: tuple[int, int] = (120, 40)) -> PseudoTerminal:
    """The dashboard as a user starts it."""
    return PseudoTerminal([sys.executable, "-m", "acd", "dashboard"], home.environ, size)


def first_paint(home: DaemonHome) -> tuple[float, float]:
    """Seconds from the start to the first session's line, and to a bare program's text."""
    ours, bare = [], []
    for _ in range(_STARTS):
        with start(home) as terminal:
            ours.append(terminal.wait_for("go?") - terminal.began)
        with PseudoTerminal([sys.executable, "-c", BARE], home.environ, (120, 40)) as terminal:
            bare.append(terminal.wait_for("painted") - terminal.began)
    return median(ours), median(bare)


def delays(home: DaemonHome, terminal: PseudoTerminal) -> list[float]:
    """Seconds from sending a SET to its text on the terminal."""
    found = []
    with home.client() as client:
        for number in range(_SETS):
            terminal.drain(0.11)
            token = f"token-{number}-{os.getpid()}"
            began = time.perf_counter()
            client.send(f'SET asker question {{"prompt": "{token}"}}')
            found.append(terminal.wait_for(token) - began)
            client.line()
    return found


def under_load(
    home: DaemonHome, terminal: PseudoTerminal, sessions: int, rate: int
) -> tuple[float, float]:
    """The share of a core, and the bytes written a second, at this rate of updates."""
    seconds = 8.0
    numbers = itertools.cycle(range(sessions))
    statuses = itertools.cycle(["working", "attention", "question"])
    with home.client() as client:
        before, written, began = terminal.cpu(), terminal.written, time.perf_counter()
        for tick in range(int(seconds * rate)):
            client.send(
                f'SET session-{next(numbers)} {next(statuses)} {{"prompt": "update {tick}"}}'
            )
            client.line()
            while (left := began + (tick + 1) / rate - time.perf_counter()) > 0:
                terminal.read(left)
        took = time.perf_counter() - began
        return (terminal.cpu() - before) / took, (terminal.written - written) / took


def main(sessions: int, rate: int) -> None:
    with DaemonHome() as home:
        home.start()
        fill(home, sessions)
        ours, bare = first_paint(home)
        print(f"first paint        {ours * 1e3:6.0f} ms   bare Textual {bare * 1e3:.0f} ms")
        print(f"                   {ours / bare:6.2f} x")
        with start(home) as terminal:
            terminal.wait_for("go?")
            terminal.drain(3)
            before = terminal.cpu()
            terminal.drain(10)
            print(
                f"CPU at rest        {(terminal.cpu() - before) / 10:6.1%}      {sessions} sessions"
            )
            taken = delays(home, terminal)
            p50, p99 = median(taken), quantiles(taken, n=100)[98]
            print(f"SET to screen      {p50 * 1e3:6.1f} ms   p99 {p99 * 1e3:.1f} ms")
            cpu, written = under_load(home, terminal, sessions, rate)
            print(f"CPU under load     {cpu:6.1%}      {rate} updates/s, {written / 1e3:.0f} kB/s")


if __name__ == "__main__":
    main(*(int(word) for word in (*sys.argv[1:], *("500", "100")[len(sys.argv) - 1 :])))
