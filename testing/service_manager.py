"""Starts programs with inherited listeners, as a service manager does (sd_listen_fds(3))."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import IO

from acd.system.activation import LISTEN_FDS_START
from testing.support import DAEMON, DaemonHome, DaemonProcess

File = socket.socket | IO[str]

_LAUNCHER = f"""
import os, sys
for number, fd in enumerate(filter(None, sys.argv[1].split(","))):
    os.dup2(int(fd), {LISTEN_FDS_START} + number)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""
"""The steps of a service manager between fork and exec."""


def listener(home: DaemonHome, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """A socket as a socket unit creates it: bound, in a private directory."""
    home.directory.mkdir(mode=0o700, exist_ok=True)
    home.socket.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(str(home.socket))
    home.socket.chmod(0o600)
    if kind == socket.SOCK_STREAM:
        sock.listen(4096)
    return sock


def activate(
    home: DaemonHome,
    files: Sequence[File],
    command: Sequence[str] = DAEMON,
    *,
    wait: bool = True,
    **environ: str,
) -> DaemonProcess:
    """Starts a daemon that inherits files."""
    with _moved(files) as fds:
        return home.start(
            _launched(fds, command), {**_variables(fds), **environ}, pass_fds=fds, wait=wait
        )


def output(files: Sequence[File], program: str) -> str:
    """The output of a Python program that inherits files."""
    with _moved(files) as fds:
        return subprocess.run(
            _launched(fds, [sys.executable, "-c", program]),
            env=_variables(fds),
            pass_fds=fds,
            capture_output=True,
            text=True,
            check=True,
        ).stdout


@contextlib.contextmanager
def _moved(files: Sequence[File]) -> Iterator[list[int]]:
    """Duplicates of the files' descriptors, above the numbers that the program inherits."""
    fds = [fcntl.fcntl(file.fileno(), fcntl.F_DUPFD, 20) for file in files]
    try:
        yield fds
    finally:
        for fd in fds:
            os.close(fd)


def _variables(fds: Sequence[int]) -> dict[str, str]:
    return {"LISTEN_FDS": str(len(fds)), "LISTEN_FDNAMES": "acd"}


def _launched(fds: Sequence[int], command: Sequence[str]) -> list[str]:
    numbers = ",".join(map(str, fds))
    return [sys.executable, "-I", "-S", "-c", _LAUNCHER, numbers, *command]
