"""Real daemon processes in a temporary home, and a client of their line protocol.

The client shares no code with acd: an error in one of them shows in the other.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from testing.closing import Closing
from testing.forks import Fork, forks
from testing.home import TemporaryHome

WAIT = 30.0
"""Seconds until a test gives up waiting and fails."""

DAEMON = (sys.executable, "-m", "acd", "daemon")


class LineClient(Closing):
    """One connection to a daemon."""

    def __init__(self, path: Path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Blocking: with a timeout, connect(2) fails at once when the backlog is full.
        self.sock.connect(str(path))
        self.sock.settimeout(WAIT)
        self._lines = self.sock.makefile("rb")

    def close(self) -> None:
        self._lines.close()
        self.sock.close()

    def send(self, *lines: str) -> None:
        """Sends lines and reads nothing."""
        self.sock.sendall("".join(f"{line}\n" for line in lines).encode())

    def line(self) -> str:
        """The next line from the daemon. Raises EOFError at the end of the connection."""
        line = self._lines.readline()
        if not line.endswith(b"\n"):
            raise EOFError(f"the connection ended: {line!r}")
        return line[:-1].decode()

    def lines(self, count: int) -> list[str]:
        """The next `count` lines."""
        return [self.line() for _ in range(count)]

    def rest(self) -> list[str]:
        """All lines until the daemon ends the connection."""
        try:
            return [line.decode().rstrip("\n") for line in self._lines]
        except ConnectionResetError:  # the daemon closed with our bytes unread
            return []

    def ask(self, line: str) -> str:
        """The reply to one request, on a connection without a subscription."""
        self.send(line)
        return self.line()

    def ask_all(self, *lines: str) -> list[str]:
        """The replies to pipelined requests."""
        self.send(*lines)
        return self.lines(len(lines))

    def sessions(self) -> dict[str, dict[str, Any]]:
        """The sessions in the reply to LIST, by id."""
        word, _, rest = self.ask("LIST").partition(" ")
        assert word == "STATE"
        return {session["id"]: session for session in json.loads(rest)}

    def get(self, session: str) -> dict[str, Any]:
        """The session in the reply to GET."""
        return self._object(f"GET {session}")

    def info(self) -> dict[str, Any]:
        """The object in the reply to INFO."""
        return self._object("INFO")

    def _object(self, request: str) -> dict[str, Any]:
        word, _, rest = self.ask(request).partition(" ")
        assert word == "OK", rest
        found: dict[str, Any] = json.loads(rest)
        return found


class DaemonProcess:
    """A daemon's process, its messages to sd_notify(3) and its log."""

    def __init__(self, process: subprocess.Popen[bytes] | Fork, notified: socket.socket, log: Path):
        self.process = process
        self._pidfd = (
            os.dup(process.pidfd) if isinstance(process, Fork) else os.pidfd_open(process.pid)
        )
        self._notified = notified
        self._log = log
        self.notifications: list[str] = []
        """The datagrams that it sent to NOTIFY_SOCKET."""

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_for(self, prefix: str) -> str:
        """Waits for a notification line with this prefix; returns the first one."""
        while True:
            for line in "\n".join(self.notifications).split("\n"):
                if line.startswith(prefix):
                    return line
            self._receive(prefix)

    def _receive(self, wanted: str) -> None:
        """Receives one datagram. Raises AssertionError when the daemon has ended, or at WAIT."""
        waiting = select.poll()
        for fd in (self._notified.fileno(), self._pidfd):
            waiting.register(fd, select.POLLIN)
        ready = dict(waiting.poll(WAIT * 1_000))
        if self._notified.fileno() not in ready:
            raise AssertionError(f"no notification {wanted}\n{self.log()}")
        self.notifications.append(self._notified.recv(4096).decode())

    def next_status(self, accepts: Callable[[str], bool]) -> str:
        """The first STATUS, from now on, that `accepts` returns true for."""
        while True:
            self._receive("STATUS=")
            for line in self.notifications[-1].split("\n"):
                if line.startswith("STATUS=") and accepts(line.removeprefix("STATUS=")):
                    return line.removeprefix("STATUS=")

    def log(self) -> str:
        """Its standard error so far."""
        return self._log.read_text(errors="replace")

    def wait_until_logged(self, text: str) -> None:
        """Waits for a text in its log. Raises AssertionError when the daemon has ended."""
        while text not in self.log():
            assert self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """Waits for its end; returns its exit code."""
        return self.process.wait(WAIT)

    def stop(self) -> int:
        """Stops it by SIGTERM; returns its exit code."""
        self.signal(signal.SIGTERM)
        return self.end()

    def kill(self) -> None:
        """Ends it by SIGKILL."""
        self.process.kill()
        self.end()

    def close(self) -> None:
        """Ends it if it still runs, and closes the descriptors that belong to it."""
        if self.process.poll() is None:
            self.kill()
        self._notified.close()
        os.close(self._pidfd)


class DaemonHome(TemporaryHome):
    """A temporary home with daemons, all of which close() ends."""

    def __init__(self, parent: Path | None = None):
        super().__init__(parent)
        self.journal = self.directory / "acd.sock.journal"
        self.config = self.home / ".config" / "acd" / "config.toml"
        self._daemons: list[DaemonProcess] = []

    def close(self) -> None:
        """Ends every daemon of this home, also those that a client started."""
        for daemon in self._daemons:
            daemon.close()
        for lock in self.root.rglob("*.daemon"):
            kill_holder(lock)
        super().close()

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
    ) -> DaemonProcess:
        """Starts a daemon and, with `wait`, returns when it serves.

        Without a command and options it is forked (testing/forks.py), which takes a
        tenth of the time of an exec.
        """
        name = f"daemon-{len(self._daemons)}"
        notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notified.settimeout(WAIT)
        notified.bind(str(self.root / f"{name}.notify"))
        log = self.root / f"{name}.log"
        environ = {**self.environ, "NOTIFY_SOCKET": notified.getsockname(), **(environ or {})}
        process: subprocess.Popen[bytes] | Fork
        with log.open("wb") as stderr:
            if command is None and not options:
                process = forks().start(environ, self.root, stderr.fileno())
            else:
                process = subprocess.Popen(
                    command or DAEMON,
                    env=environ,
                    cwd=self.root,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                    **options,
                )
        daemon = DaemonProcess(process, notified, log)
        self._daemons.append(daemon)
        if wait:
            daemon.wait_for("READY=1")
        return daemon

    def client(self) -> LineClient:
        """A new connection to the socket."""
        return LineClient(self.socket)

    def ask(self, *lines: str) -> list[str]:
        """The replies to pipelined requests on a new connection."""
        with self.client() as client:
            return client.ask_all(*lines)


def subscriber(home: DaemonHome, *words: str) -> LineClient:
    """A new connection that has subscribed and received its first STATE."""
    client = home.client()
    client.send(" ".join(["SUBSCRIBE", *words]))
    assert client.line().startswith("STATE [")
    return client


def set_idle_timeout(home: DaemonHome, daemon: DaemonProcess, minutes: float) -> None:
    """Changes the idle timeout of a daemon that serves already."""
    home.configure(f"[daemon]\nidle_timeout_minutes = {minutes}\n")
    daemon.signal(signal.SIGHUP)


def kill_holder(path: Path) -> None:
    """Kills the daemon that holds the lock on this file, if one does."""
    with path.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(lock.read()), signal.SIGKILL)
