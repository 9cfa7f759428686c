"""An acd daemon for an end-to-end test, and a subscriber that notes when each push arrived."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from testing.e2e.home import AgentHome
from testing.e2e.moment import Moment
from testing.e2e.verifier import WITHIN_SECONDS

_START_SECONDS = 10
# Seconds until a missing status fails the test.
_SETTLE_SECONDS = 5
_STOP_SECONDS = 5

Fields = dict[str, Any]


@dataclass(frozen=True)
class Push:
    """One status of one session, and the moment of its arrival."""

    at: Moment
    session: str
    status: str


class SubscribedDaemon:
    """A daemon on the home's socket, and one subscription to it."""

    def __init__(self, home: AgentHome) -> None:
        self._home = home
        self._log = (home.root / "acd.log").open("ab")
        self._changed = threading.Condition()
        self._fields: dict[str, Fields] = {}
        self._pushes: list[Push] = []
        self._evidence: list[str] = []
        self._checked: dict[str, int] = {}
        self._lost = False
        self.delays: list[float] = []
        """Seconds from each expected change to its push."""
        self._daemon = subprocess.Popen(
            [sys.executable, "-m", "acd", "daemon"],
            env=home.environ,
            cwd=home.root,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self.subscribe()

    def close(self) -> None:
        # The daemon may be another one, started by a hook: stop the one that serves the socket.
        try:
            daemon = os.pidfd_open(self.pid())
            self.request("STOP")
            stopped, _, _ = select.select([daemon], [], [], _STOP_SECONDS)
            if not stopped:
                signal.pidfd_send_signal(daemon, signal.SIGKILL)
            os.close(daemon)
        except OSError:
            pass  # none serves it any more
        if self._daemon.poll() is None:
            self._daemon.kill()
        self._daemon.wait()
        self._log.close()

    def pid(self) -> int:
        return int(json.loads(self.request("INFO").removeprefix("OK "))["pid"])

    def log(self) -> str:
        """The daemon's standard error so far."""
        return (self._home.root / "acd.log").read_text(errors="replace")

    # The methods of verifier.Verifier.

    def expect(
        self, session: str, status: str, since: Moment, *, via: tuple[str, ...] = ()
    ) -> None:
        deadline = time.monotonic() + _SETTLE_SECONDS
        with self._changed:
            while self._status(session) != status:
                if not self._changed.wait(deadline - time.monotonic()):
                    raise AssertionError(
                        f"{session} is {self._status(session)}, not {status},"
                        f" {_SETTLE_SECONDS} s after it should be.{self._history(session)}"
                    )
            arrived = self._since(session)
            before = self._before(session)
            shown = {p.status for p in self._unchecked(session)} - {before, status, *via}
            self._checked[session] = len(self._pushes)
        assert not shown, f"on its way from {before} to {status} {session} showed {shown}"
        assert since.delay_until(arrived) <= WITHIN_SECONDS, (
            f"{status} came {arrived.at - since.at:.3f} s after its moment"
        )
        self.delays.append(max(0.0, arrived.at - since.at))

    def expect_still(self, session: str, status: str, seconds: float = WITHIN_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        with self._changed:
            while (left := deadline - time.monotonic()) > 0 and self._status(session) == status:
                self._changed.wait(left)
            shown = {p.status for p in self._unchecked(session)} | {self._status(session)}
            self._checked[session] = len(self._pushes)
        others = shown - {status}
        assert not others, f"{session} became {others}, not {status} still.{self._history(session)}"

    def session(self, session: str) -> Fields:
        answer = self.request(f"GET {session}")
        assert answer.startswith("OK "), answer
        fields: Fields = json.loads(answer.removeprefix("OK "))
        return fields

    def sessions(self) -> list[Fields]:
        sessions: list[Fields] = json.loads(self.request("LIST").removeprefix("STATE "))
        return sessions

    def request(self, line: str) -> str:
        with self._connection() as connection, connection.makefile("rb") as lines:
            connection.sendall(line.encode() + b"\n")
            return lines.readline().decode().rstrip("\n")

    def kill(self) -> None:
        daemon = os.pidfd_open(self.pid())
        signal.pidfd_send_signal(daemon, signal.SIGKILL)
        select.select([daemon], [], [])
        os.close(daemon)
        with self._changed:
            assert self._changed.wait_for(lambda: self._lost, _STOP_SECONDS)

    def ask(self) -> Moment:
        now = Moment.now()
        done = subprocess.run(
            [sys.executable, "-m", "acd", "list", "--json"],
            env=self._home.environ,
            cwd=self._home.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"acd list: {done.stderr}{self.log()}"
        self.subscribe()
        return now

    def subscribe(self) -> None:
        connection = self._connect()
        connection.sendall(b"SUBSCRIBE json\n")
        lines = connection.makefile("rb")
        self._lost = False
        self._take(lines.readline(), Moment.now())
        threading.Thread(target=self._listen, args=(connection, lines), daemon=True).start()
        threading.Thread(target=self._record, args=(self._connect(),), daemon=True).start()

    def _record(self, connection: socket.socket) -> None:
        """Stores the daemon's evidence, which a failure prints."""
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"RECORD\n")
            for line in lines:
                self._evidence.append(f"{time.time():.3f} {line.decode().rstrip()}")

    def _listen(self, connection: socket.socket, lines: IO[bytes]) -> None:
        with connection, lines:
            for line in lines:
                self._take(line, Moment.now())
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def _take(self, line: bytes, now: Moment) -> None:
        verb, _, rest = line.decode().rstrip("\n").partition(" ")
        with self._changed:
            if verb == "STATE":
                self._fields = {fields["id"]: fields for fields in json.loads(rest)}
                self._pushes += [Push(now, i, f["status"]) for i, f in self._fields.items()]
            elif verb == "UPDATE":
                session, status, _elapsed, fields = rest.split(" ", 3)
                self._fields[session] = json.loads(fields)
                self._pushes.append(Push(now, session, status))
            elif verb == "REMOVED":
                self._fields.pop(rest, None)
                self._pushes.append(Push(now, rest, "removed"))
            else:
                raise AssertionError(f"an unknown push: {line!r}")
            self._changed.notify_all()

    def _status(self, session: str) -> str | None:
        return next((p.status for p in reversed(self._pushes) if p.session == session), None)

    def _since(self, session: str) -> Moment:
        """The moment at which the session's present status first arrived."""
        since = Moment.now()
        for push in reversed(self._pushes):
            if push.session == session:
                if push.status != self._status(session):
                    break
                since = push.at
        return since

    def _before(self, session: str) -> str | None:
        earlier = [
            p.status for p in self._pushes[: self._checked.get(session, 0)] if p.session == session
        ]
        return earlier[-1] if earlier else None

    def _unchecked(self, session: str) -> list[Push]:
        return [p for p in self._pushes[self._checked.get(session, 0) :] if p.session == session]

    def _history(self, session: str) -> str:
        now = time.monotonic()
        pushes = [
            f"{p.at.at - now:+.3f} s {p.status}" for p in self._pushes if p.session == session
        ]
        evidence = [line for line in self._evidence if session in line]
        return "\n".join(["", *pushes, "The evidence:", *evidence, "The daemon's log:", self.log()])

    @contextmanager
    def _connection(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._home.socket))
            yield connection

    def _connect(self) -> socket.socket:
        # A daemon that binds its own socket reports that it listens to the service
        # manager only: without one, poll.
        deadline = time.monotonic() + _START_SECONDS
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self._home.socket))
            except OSError as refused:
                connection.close()
                if time.monotonic() > deadline:
                    raise AssertionError(f"no daemon serves the socket: {self.log()}") from refused
                time.sleep(0.01)
            else:
                return connection
