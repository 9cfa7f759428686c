"""Listeners on Unix sockets: a process with the name of a terminal, and another user's tmux."""

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
"""The uid of another user."""

as_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become another user")

# Linux: a process can set its own name (proc_pid_comm(5)).
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
    """The pid of a process with that name and user that listens and never answers.

    An address that starts with "@" is in the abstract namespace.
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
    """The hints of a forged hook that lead to another user's tmux in a new directory.

    Its server makes any client append a line to `victims_file`, with the client's rights.
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
