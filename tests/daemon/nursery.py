"""Daemons by fork, of a process in which all is imported: they start in a tenth of the time.

They are real daemons: `acd daemon` with an inherited listener, from the first
line of its `main` on. What hundreds of kills need is that a start is cheap.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support import WAIT, Place

CHECKOUT = Path(__file__).parents[2]


class Child:
    """A daemon that was forked."""

    def __init__(self, pid: int):
        self.pid = pid
        self._pidfd = os.pidfd_open(pid)

    def signal(self, number: signal.Signals) -> None:
        signal.pidfd_send_signal(self._pidfd, number)

    def end(self) -> None:
        """Waits for its end."""
        ended, _, _ = select.select([self._pidfd], [], [], WAIT)
        assert ended, "it does not end"
        os.close(self._pidfd)

    def kill(self) -> None:
        """kill -9."""
        self.signal(signal.SIGKILL)
        self.end()


class Nursery:
    """Starts daemons that serve one listener, one after the other.

    `small` is a bound in bytes up to which a journal is not written anew, in
    place of a megabyte.
    """

    def __init__(self, place: Place, listener: socket.socket, small: int | None = None):
        self.log = place.root / "nursery.log"
        self._mine, theirs = socket.socketpair()
        self._mine.settimeout(WAIT)
        with theirs, self.log.open("wb") as log:
            arguments = [str(theirs.fileno()), str(listener.fileno()), str(small or 0)]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.daemon.nursery", *arguments],
                cwd=CHECKOUT,
                env={**place.environ, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "acd"},
                pass_fds=[theirs.fileno(), listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._answers = self._mine.makefile("r")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._answers.close()
        self._mine.close()
        self._process.wait(WAIT)

    def start(self) -> Child:
        """Starts one; what is sent from now on is served as soon as it is ready."""
        self._mine.sendall(b"\n")
        return Child(json.loads(self._answers.readline()))


def main(control: int, listener: int, small: int) -> None:
    """Forks a daemon for each line on `control`, and says its pid; ends with it."""
    import acd.daemon
    import acd.journal

    if small:
        acd.journal.SMALL = small  # type: ignore[misc]
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # as the daemon has it, before its first line
    # Who ends is gone at once: nobody here waits for them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    orders = os.fdopen(control, "rb", buffering=0)
    while orders.read(1):
        pid = os.fork()
        if pid == 0:
            orders.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(listener, 3)
            os.environ["LISTEN_PID"] = str(os.getpid())
            sys.argv[1:] = ["daemon"]
            code = 70
            try:
                code = acd.daemon.main()
            finally:
                os._exit(code)
        os.write(control, f"{pid}\n".encode())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
