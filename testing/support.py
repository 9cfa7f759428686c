"""A daemon of a test's own, and a client that speaks its lines.

Responsible for a place (a short path, for a socket's name is short), for real
daemon processes in it, and for ending whatever was started there. It knows the
wire only as lines, so that it proves nothing by using what is tested.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from testing.forks import Fork, forks

WAIT = 30.0
"""Seconds after which a test that waits for something has failed."""

DAEMON = (sys.executable, "-m", "acd", "daemon")


class Client:
    """One connection, and the lines that come back on it."""

    def __init__(self, path: Path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Blocking: with a timeout, a full queue would be an error at once.
        self.sock.connect(str(path))
        self.sock.settimeout(WAIT)
        self._lines = self.sock.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._lines.close()
        self.sock.close()

    def send(self, *lines: str) -> None:
        """Sends lines, without waiting for anything."""
        self.sock.sendall("".join(f"{line}\n" for line in lines).encode())

    def line(self) -> str:
        """The next line from the daemon. Raises EOFError when it ends the connection."""
        line = self._lines.readline()
        if not line.endswith(b"\n"):
            raise EOFError(f"the connection ended: {line!r}")
        return line[:-1].decode()

    def lines(self, count: int) -> list[str]:
        """The next so many lines."""
        return [self.line() for _ in range(count)]

    def rest(self) -> list[str]:
        """All lines until the daemon ends the connection."""
        try:
            return [line.decode().rstrip("\n") for line in self._lines]
        except ConnectionResetError:  # it ended with something of ours unread
            return []

    def ask(self, line: str) -> str:
        """One request and its reply, on a connection that subscribes to nothing."""
        self.send(line)
        return self.line()

    def ask_all(self, *lines: str) -> list[str]:
        """Pipelined requests, and their replies."""
        self.send(*lines)
        return self.lines(len(lines))

    def sessions(self) -> dict[str, dict[str, Any]]:
        """What LIST shows, by id."""
        word, _, rest = self.ask("LIST").partition(" ")
        assert word == "STATE"
        return {session["id"]: session for session in json.loads(rest)}

    def get(self, session: str) -> dict[str, Any]:
        """What GET shows."""
        return self._object(f"GET {session}")

    def info(self) -> dict[str, Any]:
        """What INFO shows."""
        return self._object("INFO")

    def _object(self, request: str) -> dict[str, Any]:
        word, _, rest = self.ask(request).partition(" ")
        assert word == "OK", rest
        found: dict[str, Any] = json.loads(rest)
        return found


class Daemon:
    """A daemon's process."""

    def __init__(self, process: subprocess.Popen[bytes] | Fork, notified: socket.socket, log: Path):
        self.process = process
        self._pidfd = (
            os.dup(process.pidfd) if isinstance(process, Fork) else os.pidfd_open(process.pid)
        )
        self._notified = notified
        self._log = log
        self.told: list[str] = []
        """What it told its service manager, a datagram each."""

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_for(self, state: str) -> str:
        """Waits until it tells its service manager something that begins so."""
        while True:
            for line in "\n".join(self.told).split("\n"):
                if line.startswith(state):
                    return line
            self._hear(state)

    def _hear(self, state: str) -> None:
        """The next datagram. Raises AssertionError when none can come any more."""
        waiting = select.poll()
        for fd in (self._notified.fileno(), self._pidfd):
            waiting.register(fd, select.POLLIN)
        there = dict(waiting.poll(WAIT * 1_000))
        if self._notified.fileno() not in there:
            raise AssertionError(f"never told {state}\n{self.log()}")
        self.told.append(self._notified.recv(4096).decode())

    def next_status(self, is_it: Callable[[str], bool]) -> str:
        """The first STATUS from now on of which `is_it` is true."""
        while True:
            self._hear("STATUS=")
            for line in self.told[-1].split("\n"):
                if line.startswith("STATUS=") and is_it(line.removeprefix("STATUS=")):
                    return line.removeprefix("STATUS=")

    def log(self) -> str:
        """What it wrote to its standard error."""
        return self._log.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """Waits for its end; returns its exit code."""
        return self.process.wait(WAIT)

    def stop(self) -> int:
        """An orderly stop."""
        self.signal(signal.SIGTERM)
        return self.end()

    def kill(self) -> None:
        """The end that it can do nothing about."""
        self.process.kill()
        self.end()

    def close(self) -> None:
        """Ends it if it has not ended, and lets go of it."""
        if self.process.poll() is None:
            self.kill()
        self._notified.close()
        os.close(self._pidfd)


class Place:
    """A private directory with a HOME, a socket's path, and the daemons that run there."""

    def __init__(self, root: Path | None = None):
        # A test's own temporary directory is too long for a socket's path.
        self.root = Path(tempfile.mkdtemp(prefix="acd-", dir=root)).resolve()
        self.home = self.root / "home"
        self.home.mkdir()
        self.directory = self.root / "run"
        self.socket = self.directory / "acd.sock"
        self.journal = self.directory / "acd.sock.journal"
        self.config = self.home / ".config" / "acd" / "config.toml"
        self.environ: dict[str, str] = {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "ACD_SOCKET": str(self.socket),
        }
        self._daemons: list[Daemon] = []

    def close(self) -> None:
        """Ends every daemon that was started here, by whomever."""
        for daemon in self._daemons:
            daemon.close()
        for held in self.root.rglob("*.daemon"):
            kill_holder(held)
        shutil.rmtree(self.root)

    def configure(self, text: str) -> None:
        """Writes the configuration file; a running daemon reads it on SIGHUP."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(text)

    def start(
        self,
        command: Sequence[str] | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        wait: bool = True,
        **options: Any,
    ) -> Daemon:
        """Starts a daemon and, unless told otherwise, waits until it serves.

        By a command that is executed, or without one by fork (testing/forks.py),
        which takes a tenth of the time.
        """
        name = f"daemon-{len(self._daemons)}"
        notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notified.settimeout(WAIT)
        notified.bind(str(self.root / f"{name}.notify"))
        log = self.root / f"{name}.log"
        given = {**self.environ, "NOTIFY_SOCKET": notified.getsockname(), **(environ or {})}
        process: subprocess.Popen[bytes] | Fork
        with log.open("wb") as stderr:
            if command is None and not options:
                process = forks().start(given, self.root, stderr.fileno())
            else:
                process = subprocess.Popen(
                    command or DAEMON,
                    env=given,
                    cwd=self.root,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                    **options,
                )
        daemon = Daemon(process, notified, log)
        self._daemons.append(daemon)
        if wait:
            daemon.wait_for("READY=1")
        return daemon

    def client(self) -> Client:
        """A new connection to whoever serves the socket."""
        return Client(self.socket)

    def ask(self, *lines: str) -> list[str]:
        """Pipelined requests over a connection of their own, and their replies."""
        with self.client() as client:
            return client.ask_all(*lines)


def subscriber(place: Place, *words: str) -> Client:
    """A connection that has subscribed and read its first snapshot."""
    client = place.client()
    client.send(" ".join(["SUBSCRIBE", *words]))
    assert client.line().startswith("STATE [")
    return client


def kill_holder(path: Path) -> None:
    """Ends the daemon that holds a state, known by the lock that it holds for its life."""
    with path.open("rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(held.read()), signal.SIGKILL)


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """A place that is gone afterwards, with everything that runs there."""
    made = Place()
    try:
        yield made
    finally:
        made.close()
