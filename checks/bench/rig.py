"""The processes of a measurement: the daemon, the bare server and a client, and their cores.

The daemon's state is on a tmpfs, as beside a real socket.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from checks.bench.measurement import Samples
from testing.support import WAIT, DaemonHome

TMPFS: Final = Path("/dev/shm")
DAEMON: Final = (sys.executable, "-I", "-m", "acd", "daemon")
_HERE: Final = Path(__file__).parent

_ALLOWED: Final = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else [0]
CORE: Final = _ALLOWED[-1]
"""The core of client and server: across cores the wake-up takes longer than the server."""
OTHER: Final = _ALLOWED[0]
"""The core of all other processes; the same one if there is no other."""


@dataclass(frozen=True)
class Served:
    """A running server."""

    path: Path
    pid: int
    home: DaemonHome | None = None
    """The daemon's home; None for the bare server."""

    def connect(self) -> socket.socket:
        """A connection that waits by poll(2), as every client with a timeout does.

        A blocking recv(2) also wakes up when the server has read the request (the socket
        becomes writable), which on one core is two task switches within the server's work.
        """
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(WAIT)
        sock.connect(str(self.path))
        return sock

    def rss(self) -> int:
        """Resident bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024


@contextlib.contextmanager
def on_core(core: int = CORE) -> Iterator[None]:
    """Runs this process, and those that it starts meanwhile, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def daemon(config: str = "", command: Sequence[str] = DAEMON) -> Iterator[Served]:
    """The real daemon, with its state on a tmpfs."""
    home = DaemonHome(TMPFS)
    try:
        if config:
            home.configure(config)
        yield Served(home.socket, home.start(command).pid, home)
    finally:
        home.close()


@contextlib.contextmanager
def bare(kind: str = "set", *args: str) -> Iterator[Served]:
    """The bare server, of one of the kinds in bare.py."""
    with tempfile.TemporaryDirectory(prefix="acd-", dir=TMPFS) as directory:
        path = Path(directory, "bare.sock")
        with _helper("bare.py", str(path), kind, *args) as pid:
            yield Served(path, pid)


@contextlib.contextmanager
def peers(server: Served, *args: str) -> Iterator[int]:
    """A process of other clients, of one of the kinds in peers.py, on the other core."""
    with _helper("peers.py", str(server.path), *args) as pid:
        os.sched_setaffinity(pid, {OTHER})
        yield pid


@contextlib.contextmanager
def _helper(script: str, *args: str) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-I", str(_HERE / script), *args],
        env={},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n", f"{script} did not start"
            yield process.pid
        finally:
            process.kill()


def set_lines(sessions: int = 10, *, projects: int | None = None) -> Iterator[bytes]:
    """SET lines with metadata, without end, each a real transition.

    `projects` is the number of different metadata, by default one for each session.
    """
    projects = projects or sessions
    lines = []
    for number in range(2 * max(sessions, projects)):
        project = number % projects
        metadata = json.dumps(
            {
                "working_dir": f"/home/dev/project-{project}",
                "session_id": f"0b5cd0a4-6b8e-4c6b-9a55-{project:012d}",
            },
            separators=(",", ":"),
        )
        status = ("working", "attention")[number // sessions % 2]
        lines.append(f"SET session-{number % sessions} {status} {metadata}\n".encode())
    return cycle(lines)


def round_trips(sock: socket.socket, lines: Iterator[bytes], count: int) -> list[float]:
    """Seconds of each of `count` round trips on one connection, one after the other."""
    times = []
    clock = time.perf_counter
    send, receive = sock.send, sock.recv
    for line in islice(lines, count):
        begin = clock()
        send(line)
        reply = receive(1 << 16)
        times.append(clock() - begin)
        assert reply == b"OK\n", reply
    return times


def pipelined(sock: socket.socket, block: bytes) -> float:
    """Seconds until all lines of the block have their `OK`."""
    expected = 3 * block.count(b"\n")
    rest = memoryview(block)
    poll = select.poll()
    sock.setblocking(False)
    begin = time.perf_counter()
    while expected:
        poll.register(sock, select.POLLIN | (select.POLLOUT if rest else 0))
        [(_, events)] = poll.poll()
        if events & select.POLLOUT:
            rest = rest[sock.send(rest) :]
        if events & select.POLLIN:
            expected -= len(sock.recv(1 << 20))
    seconds = time.perf_counter() - begin
    sock.settimeout(WAIT)
    return seconds


def alternate(
    ours: Callable[[], list[float]],
    other: Callable[[], list[float]],
    *,
    batches: int,
    warm_up: int = 2,
) -> Samples:
    """Takes batches of both in turns; the first ones warm up and are dropped."""
    samples = Samples([], [])
    for _ in range(batches + warm_up):
        samples.ours.append(ours())
        samples.bare.append(other())
    del samples.ours[:warm_up], samples.bare[:warm_up]
    return samples


def allow_files(count: int) -> None:
    """Raises the limit of descriptors of this process and its children."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
