"""A network namespace with a loopback interface alone, in which Codex reaches the test's server.

Codex's background process would update itself. Needs root (unshare(1),
network_namespaces(7)).
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

_END_SECONDS = 10

_HOLD = """
import socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
server = socket.create_server(("127.0.0.1", 0))
with socket.socket(fileno=int(sys.argv[1])) as test:
    socket.send_fds(test, [b"."], [server.fileno()])
server.close()
sys.stdin.read()
"""


class Network:
    """The namespace, for the time of its `with`, which ends all its processes."""

    def __enter__(self) -> Self:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._holder = subprocess.Popen(
                ["unshare", "--net", sys.executable, "-c", _HOLD, str(theirs.fileno())],
                stdin=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            )
            theirs.close()
            _, [fd], _, _ = socket.recv_fds(ours, 1, 1)
        self.server = socket.socket(fileno=fd)
        """A socket that listens on an ephemeral port inside; the test serves it from outside."""
        self._path = Path(f"/proc/{self._holder.pid}/ns/net")
        self._identity = self._path.readlink()
        return self

    def __exit__(self, *_: object) -> None:
        self.end_all()
        self._holder.communicate()

    def inside(self, *argv: str) -> list[str]:
        """The argument vector that runs the command in the namespace, without another process."""
        return ["nsenter", f"--net={self._path}", *argv]

    def pids(self) -> list[int]:
        """The processes in the namespace."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (path / "ns/net").readlink() == self._identity:
                    found.append(int(path.name))
        return [pid for pid in found if pid != self._holder.pid]

    def end_all(self) -> None:
        """Kills every process in the namespace, and waits for their ends."""
        while pids := self.pids():  # a process may have started another one meanwhile
            for pid in pids:
                with suppress(ProcessLookupError):
                    process = os.pidfd_open(pid)
                    signal.pidfd_send_signal(process, signal.SIGKILL)
                    select.select([process], [], [], _END_SECONDS)
                    os.close(process)
