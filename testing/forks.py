"""Daemons and commands by fork of a process that has imported them: it saves most of their start.

Each runs acd's `main` in a new process, with its own environment, standard
files and descriptors. Tests of an exec do without this.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import count
from pathlib import Path

from testing.checkout import CHECKOUT

WAIT = 30.0
FIRST = 3
"""The first inherited descriptor (sd_listen_fds(3))."""
ASIDE = 100
"""The first descriptor that a daemon does not need."""


class Fork:
    """A forked process, with the methods of subprocess.Popen."""

    def __init__(self, pid: int, pidfd: int, status: int):
        self.pid = pid
        self.pidfd = pidfd
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float = WAIT) -> int:
        """Waits for its end; returns its exit code. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            waiting = select.poll()
            waiting.register(self.pidfd, select.POLLIN)
            if not waiting.poll(timeout * 1_000):
                raise subprocess.TimeoutExpired(f"fork {self.pid}", timeout)
            # A daemon writes its exit code; a killed one writes nothing.
            code = os.read(self._status, 20)
            self.returncode = int(code) if code else -signal.SIGKILL
            os.close(self._status)
            os.close(self.pidfd)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Sends a signal, unless the process has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)


class Forks:
    """A process that forks daemons. It ends with this one."""

    def __init__(self, *modules: str) -> None:
        """`modules` are imported before the first fork."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(WAIT)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "testing.forks", str(theirs.fileno()), *modules],
                cwd=CHECKOUT,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def close(self) -> None:
        self._control.close()
        self._process.wait(WAIT)

    def start(
        self,
        environ: Mapping[str, str],
        cwd: Path,
        stderr: int,
        files: Sequence[int] = (),
        compact_min: int | None = None,
    ) -> Fork:
        """Forks a daemon, which inherits `files` as from a service manager.

        `compact_min` replaces the journal's COMPACT_MIN.
        """
        return self._start(["daemon"], environ, cwd, [stderr], files=files, compact_min=compact_min)

    def run(
        self, arguments: Sequence[str], environ: Mapping[str, str], cwd: Path
    ) -> subprocess.CompletedProcess[str]:
        """Runs `acd ARGUMENTS` without a terminal. Raises subprocess.TimeoutExpired."""
        with (
            Path(os.devnull).open("rb") as stdin,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            standard = [file.fileno() for file in (err, stdin, out)]
            status = self._start(arguments, environ, cwd, standard).wait()
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(["acd", *arguments], status, *texts)

    def _start(
        self,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        cwd: Path,
        standard: Sequence[int],
        *,
        files: Sequence[int] = (),
        compact_min: int | None = None,
    ) -> Fork:
        """`standard` is stderr, and then, unless they are /dev/null, stdin and stdout."""
        order = {
            "arguments": list(arguments),
            "environ": dict(environ),
            "cwd": str(cwd),
            "standard": len(standard),
            "compact_min": compact_min,
        }
        status, theirs = os.pipe()
        try:
            fds = [theirs, *standard, *files]
            socket.send_fds(self._control, [json.dumps(order).encode()], fds)
        finally:
            os.close(theirs)
        pid, [pidfd], _, _ = socket.recv_fds(self._control, 20, 1)
        return Fork(int(pid), pidfd, status)


@cache
def forks(*modules: str) -> Forks:
    """This process's for these modules, by default for daemons."""
    made = Forks(*(modules or ("acd.__main__", "acd.daemon.daemon", "acd.text")))
    atexit.register(made.close)
    return made


def _serve(control: socket.socket, modules: Sequence[str]) -> None:
    """Forks a process for each order, until the other end is closed."""
    for module in modules:
        importlib.import_module(module)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    while True:
        order, fds, _, _ = socket.recv_fds(control, 1 << 20, 10)
        if not order:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            _become(json.loads(order), fds)
        # The pid is still its own, even if it has ended: it is a zombie.
        fds.append(os.pidfd_open(pid))
        socket.send_fds(control, [str(pid).encode()], fds[-1:])
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _become(order: dict[str, object], fds: list[int]) -> None:
    """Runs `acd ARGUMENTS` in this forked process."""
    code: object = 70
    status, *given = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, ASIDE) for fd in fds)
    standard, files = given[: int(str(order["standard"]))], given[int(str(order["standard"])) :]
    try:
        for fd in fds:
            os.close(fd)
        targets = [*zip(standard, (2, 0, 1), strict=False), *zip(files, count(FIRST))]
        for fd, target in targets:
            os.dup2(fd, target)
            os.close(fd)
        os.chdir(str(order["cwd"]))
        os.environ.clear()
        os.environ.update(order["environ"])  # type: ignore[call-overload]
        if files:
            os.environ.update(LISTEN_FDS=str(len(files)), LISTEN_PID=str(os.getpid()))
        if order["compact_min"]:
            import acd.daemon.journal

            acd.daemon.journal.COMPACT_MIN = order["compact_min"]  # type: ignore[misc, assignment]
        sys.argv = ["acd", *order["arguments"]]  # type: ignore[misc]
        import acd.__main__

        code = acd.__main__.main()
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(status, str(code).encode())
        os._exit(int(str(code)))


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
