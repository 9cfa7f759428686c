"""Starts daemons by forking a process that has imported acd: in a tenth of the time.

Each daemon is a process with its own environment, stderr and descriptors, and
runs acd's `main`. It is not started by exec; tests of that start theirs so.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
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

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(WAIT)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "testing.forks", str(theirs.fileno())],
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
        order = {"environ": dict(environ), "cwd": str(cwd), "compact_min": compact_min}
        status, theirs = os.pipe()
        try:
            socket.send_fds(self._control, [json.dumps(order).encode()], [stderr, theirs, *files])
        finally:
            os.close(theirs)
        pid, [pidfd], _, _ = socket.recv_fds(self._control, 20, 1)
        return Fork(int(pid), pidfd, status)


@cache
def forks() -> Forks:
    """The `Forks` of this process."""
    made = Forks()
    atexit.register(made.close)
    return made


def _serve(control: socket.socket) -> None:
    """Forks a daemon for each order, until the other end is closed."""
    import acd.__main__
    import acd.daemon.daemon
    import acd.text  # noqa: F401

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    while True:
        order, fds, _, _ = socket.recv_fds(control, 1 << 20, 10)
        if not order:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            _become(json.loads(order), fds)
        # Its pid is valid though it may have ended: it was not waited for.
        fds.append(os.pidfd_open(pid))
        socket.send_fds(control, [str(pid).encode()], fds[-1:])
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _become(order: dict[str, object], fds: list[int]) -> None:
    """Runs `acd daemon` in this forked process."""
    code: object = 70
    stderr, status, *files = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, ASIDE) for fd in fds)
    try:
        for fd in fds:
            os.close(fd)
        os.dup2(stderr, 2)
        os.close(stderr)
        for number, fd in enumerate(files):
            os.dup2(fd, FIRST + number)
            os.close(fd)
        os.chdir(str(order["cwd"]))
        os.environ.clear()
        os.environ.update(order["environ"])  # type: ignore[call-overload]
        if files:
            os.environ.update(LISTEN_FDS=str(len(files)), LISTEN_PID=str(os.getpid()))
        if order["compact_min"]:
            import acd.daemon.journal

            acd.daemon.journal.COMPACT_MIN = order["compact_min"]  # type: ignore[misc, assignment]
        sys.argv = ["acd", "daemon"]
        import acd.__main__

        code = acd.__main__.main()
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        sys.stderr.flush()
        os.write(status, str(code).encode())
        os._exit(int(str(code)))


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
