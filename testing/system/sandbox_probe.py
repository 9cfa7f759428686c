"""A replacement of the daemon in acd.service that reports what the unit's sandbox permits.

It replies to the first connection with one line of JSON: for each action that the daemon
needs, and each that the sandbox has to forbid, a truth value or the error. It uses the
standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path

HOME = Path(os.environ["HOME"])


def main() -> None:
    listener = socket.socket(fileno=3)
    _notify("READY=1")
    peer, _ = listener.accept()
    pid, uid, _ = struct.unpack(
        "3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    facts = {
        "peer": uid == os.getuid() and Path(f"/proc/{pid}").exists(),
        "pidfd": _try(lambda: os.pidfd_open(pid) >= 0),
        "process start": _try(lambda: int(Path(f"/proc/{pid}/stat").read_text().split()[21]) > 0),
        "inotify": _try(lambda: _watch(HOME / ".claude/sessions")),
        "state beside the socket": _try(
            lambda: Path(os.environ["XDG_RUNTIME_DIR"], "acd/probe").write_text("x") == 1
        ),
        "read settings": _try(lambda: bool((HOME / ".claude/settings.json").read_text())),
        "write in home": _try(lambda: (HOME / "probe").write_text("x")),
        "write in run": _try(lambda: Path(os.environ["XDG_RUNTIME_DIR"], "probe").write_text("x")),
        "network": _try(lambda: socket.socket(socket.AF_INET).fileno()),
        "new privileges": "NoNewPrivs:\t1" not in Path("/proc/self/status").read_text(),
    }
    peer.sendall(json.dumps(facts).encode() + b"\n")


def _try(what: Callable[[], object]) -> object:
    try:
        return what()
    except OSError as error:
        return error.strerror


def _watch(directory: Path) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    in_close_write = 8
    descriptor = libc.inotify_init1(os.O_CLOEXEC)
    if descriptor < 0 or libc.inotify_add_watch(descriptor, bytes(directory), in_close_write) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return True


def _notify(state: str) -> None:
    address = os.environ["NOTIFY_SOCKET"]
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto(state.encode(), address)


if __name__ == "__main__":
    main()
