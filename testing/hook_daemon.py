"""A stand-in for `acd daemon`: takes over fd 3, keeps every line, tells on request what it is.

Run by a hook under the name `acd`. `REPORT` is answered with one JSON object,
`STOP` ends it, and so does a minute without anybody. It appends its pid to
`pids` beside itself, so that a test can end it whatever happens.
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
    """Descriptor to what it is."""
    found = {}
    for entry in list(Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            found[entry.name] = str(entry.readlink())
    return found


def state_of_this_process() -> dict[str, object]:
    """What a process inherits, as the hook left it."""
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
        # Python itself ignores SIGPIPE and SIGXFSZ from its start.
        "ignored_signals": int(status["SigIgn"], 16)
        & ~(1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1),
        "timer": signal.getitimer(signal.ITIMER_REAL),
    }


def serve(listener: socket.socket, state: dict[str, object]) -> None:
    """One connection after the other, in the order of the backlog."""
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
                with contextlib.suppress(OSError):  # most hooks have left
                    connection.sendall(b"OK\n")


if __name__ == "__main__":
    at_start = state_of_this_process()
    with Path(__file__).with_name("pids").open("a") as pids:
        pids.write(f"{os.getpid()}\n")
    served = socket.socket(fileno=3)
    # As the real one: who owns the state, and then who listens.
    Path(f"{served.getsockname()}.daemon").write_text(f"{os.getpid()}\n")
    served.listen(4096)
    serve(served, at_start)
