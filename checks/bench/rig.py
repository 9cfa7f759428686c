"""Where the figures are taken: the real daemon, the bare server, and one client between them.

Responsible for processes, cores and turns. The state lies in memory (tmpfs),
as it does beside a real socket. It knows the wire only as lines.
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

from checks.bench.row import Samples
from testing.support import WAIT, DaemonHome

TMPFS: Final = Path("/dev/shm")
DAEMON: Final = (sys.executable, "-I", "-m", "acd", "daemon")
_HERE: Final = Path(__file__).parent

_ALLOWED: Final = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else [0]
CORE: Final = _ALLOWED[-1]
"""Client and server share it: across cores the wake-up hides what a server adds."""
OTHER: Final = _ALLOWED[0]
"""For those whose work is not what is measured; the same one where there is no other."""


@dataclass(frozen=True)
class Served:
    """A running server."""

    path: Path
    pid: int
    place: DaemonHome | None = None
    """The daemon's; the bare server has none."""

    def connect(self) -> socket.socket:
        """A connection that waits with poll(2), as that of any client with a timeout does.

        In a blocking recv(2) it would be woken when the server has read its
        request, too (the kernel tells it that it may write again), and on one
        core that is a switch to and fro in the midst of the server's work.
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
    """This process, and those that it starts meanwhile, run on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def daemon(config: str = "", command: Sequence[str] = DAEMON) -> Iterator[Served]:
    """The real daemon, with its state on a tmpfs."""
    place = DaemonHome(TMPFS)
    try:
        if config:
            place.configure(config)
        yield Served(place.socket, place.start(command).pid, place)
    finally:
        place.close()


@contextlib.contextmanager
def bare(kind: str = "set", *args: str) -> Iterator[Served]:
    """The bare server: bare.py tells the kinds."""
    with tempfile.TemporaryDirectory(prefix="acd-", dir=TMPFS) as directory:
        path = Path(directory, "bare.sock")
        with _helper("bare.py", str(path), kind, *args) as pid:
            yield Served(path, pid)


@contextlib.contextmanager
def peers(server: Served, *args: str) -> Iterator[int]:
    """A process of other clients of the server, on the other core: peers.py tells the kinds."""
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
    """SETs with metadata, without end: no two in a row the same, each a real transition.

    There are as many different metadata as `projects`, by default one for each session.
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
    """Seconds of each of so many requests on one connection, one after the other."""
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
    """Seconds until every line of the block is answered `OK`."""
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
    """Takes batches in turns; the first ones are for warming up, and dropped."""
    samples = Samples([], [])
    for _ in range(batches + warm_up):
        samples.ours.append(ours())
        samples.bare.append(other())
    del samples.ours[:warm_up], samples.bare[:warm_up]
    return samples


def allow_files(count: int) -> None:
    """Lets this process, and those that it starts, hold so many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
