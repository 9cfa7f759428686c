"""The first SET on a cold socket, until its OK.

The listener exists, as a service manager's; the daemon is started with the line in the
backlog and gets the listener by LISTEN_FDS. The counterpart is the same interpreter with
`import uvloop`. Both are started by fork and exec.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

from checks.bench.measurement import Bound, Measurement, compare
from checks.bench.rig import DAEMON, TMPFS, alternate, set_lines

_IMPORT = (sys.executable, "-I", "-c", "import uvloop")


def _start(command: tuple[str, ...], environ: dict[str, str], listener: int | None = None) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        if listener is not None:
            os.dup2(listener, 3)
            os.set_inheritable(3, True)  # dup2() of a descriptor to itself does not change this
            environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "acd"}
        os.execve(command[0], command, environ)
    finally:
        os._exit(1)


def first_set() -> float:
    """Seconds from the start of a daemon until its reply to a line in the backlog."""
    root = Path(tempfile.mkdtemp(prefix="acd-", dir=TMPFS))
    path = str(root / "acd.sock")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client,
    ):
        listener.bind(path)
        listener.listen()
        client.connect(path)
        environ = {"HOME": str(root), "ACD_SOCKET": path}
        begin = time.perf_counter()
        client.send(next(set_lines()))
        pid = _start(DAEMON, environ, listener.fileno())
        listener.close()
        reply = client.recv(100)
        seconds = time.perf_counter() - begin
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    shutil.rmtree(root)
    assert reply == b"OK\n", reply
    return seconds


def import_uvloop() -> float:
    """Seconds from the interpreter's start to its end."""
    begin = time.perf_counter()
    _, status = os.waitpid(_start(_IMPORT, {"HOME": "/nonexistent"}), 0)
    seconds = time.perf_counter() - begin
    assert status == 0
    return seconds


def measure(*, quick: bool = False) -> Measurement:
    """The median first reply and the import of uvloop."""
    samples = alternate(
        lambda: [first_set()], lambda: [import_uvloop()], batches=15 if quick else 60
    )
    return compare("first SET on a cold socket", samples, bound=Bound(1.6))
