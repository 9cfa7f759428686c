"""A fake `acd daemon`: it serves fd 3, stores every line and reports what it inherited.

A hook starts it under the name `acd`. It replies to `REPORT` with one JSON object,
and ends on `STOP` or after a minute without a connection. It appends its pid to
the file `pids` beside itself, so that a test can always end it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path


def open_files() -> dict[str, str]:
    """Each descriptor and its target."""
    found = {}
    for entry in list(Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(FileNotFoundError):  # the descriptor of the listing
            found[entry.name] = str(entry.readlink())
    return found


def state_of_this_process() -> dict[str, object]:
    """Everything that this process inherited from the hook."""
    umask = os.umask(0)
    os.umask(umask)
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    return {
        "argv": sys.argv,
        "pid": os.getpid(),
        "is_session_leader": os.getsid(0) == os.getpid(),
        "cwd": str(Path.cwd()),
        "umask": umask,
        "environ": dict(os.environ),
        "open_files": open_files(),
        "blocked_signals": status["SigBlk"],
        # Python ignores SIGPIPE and SIGXFSZ from its start.
        "ignored_signals": int(status["SigIgn"], 16)
        & ~(1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1),
        "timer": signal.getitimer(signal.ITIMER_REAL),
    }


def serve(listener: socket.socket, state: dict[str, object]) -> None:
    """Serves one connection after the other, in the order of the backlog."""
    lines: list[str] = []
    listener.settimeout(60)
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as stream:
            line = stream.readline().decode("utf-8", "surrogateescape")
            if line == "REPORT\n":
                connection.sendall(json.dumps({**state, "lines": lines}).encode() + b"\n")
            elif line == "STOP\n":
                return
            else:
                lines.append(line)
                with contextlib.suppress(OSError):  # most hooks have ended
                    connection.sendall(b"OK\n")


if __name__ == "__main__":
    at_start = state_of_this_process()
    with Path(__file__).with_name("pids").open("a") as pids:
        pids.write(f"{os.getpid()}\n")
    served = socket.socket(fileno=3)
    # In the real one's order: first the owner's pid, then listen(2).
    Path(f"{served.getsockname()}.daemon").write_text(f"{os.getpid()}\n")
    served.listen(4096)
    serve(served, at_start)
