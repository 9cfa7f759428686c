"""A place for the hook to run in: a HOME, an installed copy, a socket; and who listens there.

Responsible for starting the hook as an agent does and for cleaning up whatever
it started. It refuses to know what any test expects.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from acd.install.bytecode import Compile
from acd.install.resources import HOOK_MODULES
from testing.checkout import CHECKOUT

HOOK_FILES = ("acd_hook.py", "acd_hook_event.py", "acd_hook_rare.py")
FAKE_DAEMON = Path(__file__).with_name("hook_daemon.py")
FIXTURES = CHECKOUT / "tests" / "fixtures"

INTERPRETER = os.path.realpath(sys.executable)
"""The real one, as the installer chooses it: no venv, no shim."""

WAIT = 20
"""Seconds after which a test that waits for something has failed."""


def payload(name: str, agent: str = "claude-code-2.1.329") -> bytes:
    """A payload as an agent once sent it."""
    return (FIXTURES / agent / f"{name}.json").read_bytes()


PROMPT = payload("UserPromptSubmit")


@dataclass(frozen=True)
class Ended:
    """How a run of the hook ended."""

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def silent(self) -> bool:
        """Whether the agent noticed nothing."""
        return (self.status, self.stdout, self.stderr) == (0, b"", b"")


@dataclass(frozen=True)
class Line:
    """A line that the hook sent, taken apart as the daemon does."""

    raw: bytes
    agent: str
    meta_text: bytes
    meta: dict[str, Any]
    event_text: bytes
    event: dict[str, Any]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        assert raw.endswith(b"\n")
        assert raw.count(b"\n") == 1
        verb, agent, meta, event = raw[:-1].split(b" ", 3)
        assert verb == b"HOOK"
        return cls(raw, agent.decode(), meta, json.loads(meta), event, json.loads(event))


class Listener:
    """A daemon that lets everything wait in its backlog until the test looks.

    With `runs` False it is the service manager's socket, for which no daemon runs yet.
    """

    def __init__(self, path: Path, backlog: int = 128, *, runs: bool = True) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen(backlog)
        if runs:  # as a daemon says who it is
            path.with_name(f"{path.name}.daemon").write_text(f"{os.getpid()}\n")

    def close(self) -> None:
        self._socket.close()

    def raw(self) -> bytes | None:
        """All that the next connection sent, None if there was none. To be asked after the hook."""
        self._socket.setblocking(False)
        try:
            connection, _ = self._socket.accept()
        except BlockingIOError:
            return None
        with connection:
            connection.settimeout(WAIT)
            return b"".join(iter(lambda: connection.recv(1 << 16), b""))

    def answer_one(self) -> bytes:
        """Takes the line of the next connection, and answers it as a daemon does."""
        self._socket.settimeout(WAIT)
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rb") as stream:
            line = stream.readline()
            connection.sendall(b"OK\n")
        return line

    def accept_one(self) -> None:
        """Takes one connection out of the backlog, whatever it is."""
        self._socket.accept()[0].close()

    def line(self) -> Line:
        raw = self.raw()
        assert raw is not None, "nothing came"
        return Line.parse(raw)


class Place:
    """A temporary directory, short enough for a socket's path, with all that a hook meets."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="acd-hook-")).resolve()
        self.home = self.root / "home"
        self.program = self.root / "share" / "acd"
        self.directory = self.root / "run"
        self.socket = self.directory / "acd.sock"
        self.given_up_file = self.directory / "acd.sock.given-up"
        self.environ: dict[str, str] = {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "ACD_SOCKET": str(self.socket),
        }
        for made in (self.home, self.program):
            made.mkdir(parents=True)
        for name in HOOK_FILES:
            shutil.copy(CHECKOUT / "hooks" / name, self.program)
        for name in HOOK_MODULES:
            Compile(self.program / name).execute()
        self._listeners: list[Listener] = []

    @property
    def hook(self) -> Path:
        return self.program / "acd_hook.py"

    def close(self) -> None:
        for listener in self._listeners:
            listener.close()
        for pid in self.daemon_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.root)

    def make_directory(self, mode: int = 0o700) -> Path:
        self.directory.mkdir(exist_ok=True)
        self.directory.chmod(mode)
        return self.directory

    def listen(
        self, path: Path | None = None, backlog: int = 128, *, runs: bool = True
    ) -> Listener:
        if path is None:
            self.make_directory()
        listener = Listener(path or self.socket, backlog, runs=runs)
        self._listeners.append(listener)
        return listener

    def command(self, agent: str = "claude-code", interpreter: str = INTERPRETER) -> list[str]:
        """The hook's command line, as it stands in an agent's settings."""
        return [interpreter, "-I", "-S", str(self.hook), agent]

    def run(
        self,
        event: bytes = PROMPT,
        command: list[str] | None = None,
        environ: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Ended:
        """Runs the hook to its end; `environ` is added to the place's own."""
        begin = time.monotonic()
        ended = subprocess.run(
            command or self.command(),
            input=event,
            capture_output=True,
            check=False,
            env={**self.environ, **(environ or {})},
            timeout=WAIT,
            **options,
        )
        seconds = time.monotonic() - begin
        return Ended(ended.returncode, ended.stdout, ended.stderr, seconds)

    def start(self, command: list[str] | None = None, **options: Any) -> subprocess.Popen[bytes]:
        """Starts the hook with pipes that the caller holds."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command or self.command(),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=self.environ,
            **options,
        )

    def given_up(self) -> int:
        """How many events were counted as lost."""
        return self.given_up_file.stat().st_size if self.given_up_file.exists() else 0

    # What the hook starts.

    def install_daemon(self, where: Path | None = None) -> Path:
        """Puts the fake daemon where the hook looks for `acd`."""
        path = (where or self.program / "venv" / "bin") / "acd"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{INTERPRETER} -I\n{FAKE_DAEMON.read_text()}")
        path.chmod(0o755)
        return path

    def daemon_pids(self) -> list[int]:
        """Of every daemon that was ever started here."""
        lists = [path.read_text().split() for path in self.root.rglob("pids")]
        return [int(pid) for pids in lists for pid in pids]

    def ask_daemon(self, request: str = "REPORT") -> dict[str, Any]:
        """What the daemon behind the socket has to say; it took all earlier connections before."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(WAIT)
            connection.connect(str(self.socket))
            connection.sendall(f"{request}\n".encode())
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        report: dict[str, Any] = json.loads(answer or b"{}")
        return report

    def daemon_lines(self) -> list[Line]:
        """What the daemon was sent, in the order in which it arrived."""
        return [
            Line.parse(line.encode("utf-8", "surrogateescape"))
            for line in self.ask_daemon()["lines"]
        ]


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """A place that is gone afterwards, with everything that was started there."""
    made = Place()
    try:
        yield made
    finally:
        made.close()


def quickest(run: Callable[[], Ended], tries: int = 3) -> float:
    """Seconds of the quickest run: what a busy machine adds is not the hook's."""
    return min(run().seconds for _ in range(tries))


def wait_until_asleep(process: subprocess.Popen[bytes]) -> None:
    """Until it has done what it could: it is asleep, with its signal handlers set up."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        status = Path(f"/proc/{process.pid}/status").read_text()
        ignored = int(status.split("SigIgn:\t")[1].split()[0], 16)
        if "State:\tS" in status and ignored & 1 << signal.SIGTERM - 1:
            return
        time.sleep(0.001)
    raise TimeoutError
