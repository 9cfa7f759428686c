"""A temporary home with an installed hook, run as an agent runs it, and a listener for its line."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from acd.install.bytecode import Compile
from acd.install.resources import HOOK_MODULES
from testing.checkout import CHECKOUT, FIXTURES
from testing.home import TemporaryHome

HOOK_FILES = ("acd_hook.py", "acd_hook_event.py", "acd_hook_rare.py")
FAKE_DAEMON = Path(__file__).with_name("hook_daemon.py")

INTERPRETER = os.path.realpath(sys.executable)
"""The interpreter that the installer chooses: no venv's, no shim."""

WAIT = 20
"""Seconds until a test gives up waiting and fails."""


def payload(name: str, agent: str = "claude-code-2.1.329") -> bytes:
    """A recorded payload of an agent's hook."""
    return (FIXTURES / agent / f"{name}.json").read_bytes()


PROMPT = payload("UserPromptSubmit")


@dataclass(frozen=True)
class Ended:
    """How a run of the hook ended."""

    status: int
    stdout: bytes
    stderr: bytes

    @property
    def silent(self) -> bool:
        """Whether it ended with status 0 and without output."""
        return (self.status, self.stdout, self.stderr) == (0, b"", b"")


@dataclass(frozen=True)
class HookLine:
    """The fields of a line that the hook sent."""

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


class BacklogListener:
    """A listening socket whose connections stay in the backlog until the test accepts them.

    With `runs` it looks like a daemon's; without, like a service manager's before a
    daemon has started.
    """

    def __init__(self, path: Path, backlog: int = 128, *, runs: bool = True) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen(backlog)
        if runs:  # the file with the daemon's pid
            path.with_name(f"{path.name}.daemon").write_text(f"{os.getpid()}\n")

    def close(self) -> None:
        self._socket.close()

    def raw(self) -> bytes | None:
        """All bytes of the next connection, None without one. Call it when the hook has ended."""
        self._socket.setblocking(False)
        try:
            connection, _ = self._socket.accept()
        except BlockingIOError:
            return None
        with connection:
            connection.settimeout(WAIT)
            return b"".join(iter(lambda: connection.recv(1 << 16), b""))

    def answer_one(self) -> bytes:
        """Accepts a connection and replies to its line, which it returns."""
        self._socket.settimeout(WAIT)
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rb") as stream:
            line = stream.readline()
            connection.sendall(b"OK\n")
        return line

    def accept_one(self) -> None:
        """Takes one connection out of the backlog and closes it."""
        self._socket.accept()[0].close()

    def line(self) -> HookLine:
        raw = self.raw()
        assert raw is not None, "no connection"
        return HookLine.parse(raw)


class HookHome(TemporaryHome):
    """A temporary home with the hook's files and their bytecode, without a socket."""

    def __init__(self) -> None:
        super().__init__()
        del self.environ["LANG"]
        self.program = self.root / "share" / "acd"
        self.given_up_file = self.directory / "acd.sock.given-up"
        self.program.mkdir(parents=True)
        for name in HOOK_FILES:
            shutil.copy(CHECKOUT / "hooks" / name, self.program)
        for name in HOOK_MODULES:
            Compile(self.program / name).execute()
        self._listeners: list[BacklogListener] = []

    @property
    def hook(self) -> Path:
        return self.program / "acd_hook.py"

    def allow_time(self) -> None:
        """Raises LIFETIME of this home's hook to WAIT: what the test does may take longer."""
        module = self.program / "acd_hook_event.py"
        text, count = re.subn(r"(?m)^LIFETIME = [\d.]+", f"LIFETIME = {WAIT}", module.read_text())
        assert count == 1
        module.write_text(text)
        Compile(module).execute()

    def close(self) -> None:
        for listener in self._listeners:
            listener.close()
        for pid in self.daemon_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        super().close()

    def make_directory(self, mode: int = 0o700) -> Path:
        self.directory.mkdir(exist_ok=True)
        self.directory.chmod(mode)
        return self.directory

    def listen(
        self, path: Path | None = None, backlog: int = 128, *, runs: bool = True
    ) -> BacklogListener:
        if path is None:
            self.make_directory()
        listener = BacklogListener(path or self.socket, backlog, runs=runs)
        self._listeners.append(listener)
        return listener

    def command(self, agent: str = "claude-code", interpreter: str = INTERPRETER) -> list[str]:
        """The hook's argument vector, as in an agent's settings."""
        return [interpreter, "-I", "-S", str(self.hook), agent]

    def run(
        self,
        event: bytes = PROMPT,
        command: list[str] | None = None,
        environ: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Ended:
        """Runs the hook to its end; `environ` is added to the home's."""
        ended = subprocess.run(
            command or self.command(),
            input=event,
            capture_output=True,
            check=False,
            env={**self.environ, **(environ or {})},
            timeout=WAIT,
            **options,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def system_calls(self, event: bytes = PROMPT, command: list[str] | None = None) -> list[str]:
        """Runs the hook under strace(1), silently; its system calls and signals, in order.

        The calls before the interpreter has opened the script are left out: it looks
        at it once, and opens it again to compile it.
        """
        log = self.root / "strace"
        command = command or self.command()
        assert self.run(event, ["strace", "-f", "-o", str(log), *command]).silent
        calls = [re.sub(r"^\d+ +", "", line) for line in log.read_text("latin-1").splitlines()]
        return calls[max(n for n, call in enumerate(calls) if str(self.hook) in call) :]

    def start(self, command: list[str] | None = None, **options: Any) -> subprocess.Popen[bytes]:
        """Starts the hook with pipes that the caller closes."""
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

    def install_daemon(self, where: Path | None = None) -> Path:
        """Puts the fake daemon where the hook looks for `acd`."""
        path = (where or self.program / "venv" / "bin") / "acd"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{INTERPRETER} -I\n{FAKE_DAEMON.read_text()}")
        path.chmod(0o755)
        return path

    def daemon_pids(self) -> list[int]:
        """The pid of every daemon that was started in this home."""
        lists = [path.read_text().split() for path in self.root.rglob("pids")]
        return [int(pid) for pids in lists for pid in pids]

    def ask_daemon(self, request: str = "REPORT") -> dict[str, Any]:
        """The fake daemon's answer, given after it has served all earlier connections."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(WAIT)
            connection.connect(str(self.socket))
            connection.sendall(f"{request}\n".encode())
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        report: dict[str, Any] = json.loads(answer or b"{}")
        return report

    def daemon_lines(self) -> list[HookLine]:
        """The lines that the fake daemon got, in their order."""
        return [
            HookLine.parse(line.encode("utf-8", "surrogateescape"))
            for line in self.ask_daemon()["lines"]
        ]


def wait_until_asleep(process: subprocess.Popen[bytes]) -> None:
    """Returns when the hook sleeps and ignores SIGTERM: its signal handlers are set up."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        status = Path(f"/proc/{process.pid}/status").read_text()
        ignored = int(status.split("SigIgn:\t")[1].split()[0], 16)
        if "State:\tS" in status and ignored & 1 << signal.SIGTERM - 1:
            return
        time.sleep(0.001)
    raise TimeoutError
