"""Listeners on Unix sockets: one that has only a terminal's name, and another user's tmux."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testing.support import WAIT

STRANGER = 65534
"""A user that is not ours."""

as_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be somebody else too")

# Linux: the name of a process (proc_pid_comm(5)) is its own to set.
_LISTEN = """
import os, socket, sys
address, name, uid = sys.argv[1:]
open("/proc/self/comm", "w").write(name)
if uid:
    os.setresuid(*[int(uid)] * 3)
sock = socket.socket(socket.AF_UNIX)
sock.bind("\\0" + address[1:] if address[0] == "@" else address)
sock.listen()
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def a_listener(address: Path | str, name: str, *, uid: int | None = None) -> Iterator[int]:
    """A process of that name, and of that user, that listens there and never answers; its pid.

    An address with "@" is one of the abstract namespace.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", _LISTEN, str(address), name, "" if uid is None else str(uid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process.pid
    finally:
        process.communicate(timeout=WAIT)
        if not str(address).startswith("@"):
            Path(address).unlink(missing_ok=True)


@contextmanager
def a_strangers_tmux(directory: Path, victims_file: Path) -> Iterator[dict[str, str]]:
    """Another user's real tmux, in a directory of its own; what a forged hook would tell of it.

    Whatever a client asks of it, it has the client append a line to a file of the client's user.
    """
    directory.mkdir()
    os.chown(directory, STRANGER, STRANGER)
    directory.parent.chmod(0o711)
    socket = directory / "tmux"
    environ = {"HOME": "/", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LANG": "C.UTF-8"}

    def run(*words: str) -> str:
        done = subprocess.run(
            ["tmux", "-f", os.devnull, "-S", str(socket), *words],
            env=environ,
            cwd="/",
            user=STRANGER,
            group=STRANGER,
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=WAIT,
            check=True,
        )
        return done.stdout.strip()

    run("new-session", "-d", "sleep 1000")
    try:
        run("set-buffer", "written by a stranger\n")
        commands = ("display-message", "select-window", "select-pane", "switch-client")
        for number, command in enumerate((*commands, "list-clients"), 100):
            does = f"{command}=save-buffer -a {victims_file} ; display-message"
            run("set-option", "-s", f"command-alias[{number}]", does)
        yield {"TMUX": f"{socket},{run('list-panes', '-F', '#{pid}')},0", "TMUX_PANE": "%0"}
    finally:
        run("kill-server")
