"""A client without a service manager starts a detached daemon."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from acd.errors import UnsafeSocket
from acd.system import activation
from testing.support import DaemonHome

SPAWN = """
import json, sys
from pathlib import Path
from acd.system import activation
from acd.errors import AcdError
path, program, environ = json.loads(sys.argv[1])
try:
    activation.spawn(Path(path), program, environ)
except AcdError as error:
    sys.exit(f"{error.exit_code} {error.message} ({error.hint})")
"""

DAEMON = [sys.executable, "-m", "acd", "daemon"]


def spawner(
    home: DaemonHome, program: list[str] = DAEMON, redirected: str = ""
) -> subprocess.Popen[str]:
    """A process that spawns a daemon and ends, with the shell's redirections."""
    arguments = json.dumps([str(home.socket), program, home.environ])
    shell = ["sh", "-c", f'exec "$@" {redirected}', "sh"]
    return subprocess.Popen(
        [*shell, sys.executable, "-c", SPAWN, arguments],
        env={**home.environ, "A_SECRET": "hunter2"},
        stderr=subprocess.PIPE,
        text=True,
        umask=0,
    )


def spawn(home: DaemonHome, program: list[str] = DAEMON, redirected: str = "") -> str:
    """The error of a spawning process, empty if it succeeded."""
    with spawner(home, program, redirected) as process:
        assert process.stderr is not None
        error = process.stderr.read()
    assert bool(error) == bool(process.returncode)
    return error


def test_it_serves_and_owns_its_socket(home: DaemonHome) -> None:
    assert spawn(home) == ""
    with home.client() as client:
        assert client.info()["activation"] == "spawned"
        assert client.ask("STOP") == "OK"
        assert client.rest() == []
    while home.socket.exists():
        pass


def test_it_inherits_nothing_of_the_process_that_started_it(home: DaemonHome) -> None:
    assert spawn(home, redirected="5</dev/zero 9</dev/zero") == ""
    with home.client() as client:
        process = Path("/proc", str(client.info()["pid"]))
    pid = int(process.name)
    assert os.getsid(pid) != os.getsid(0)
    assert os.getpgid(pid) != os.getpgid(0)
    assert (process / "cwd").readlink() == Path("/")
    assert [(process / "fd" / n).readlink() for n in "012"] == [Path("/dev/null")] * 3
    files = []
    for entry in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the client's connection is being closed
            files.append(str(entry.readlink()))
    assert "/dev/zero" not in files
    environ = (process / "environ").read_text()
    assert "hunter2" not in environ
    status = dict(line.split(":\t") for line in (process / "status").read_text().splitlines())
    assert status["Umask"] == "0077"
    assert status["SigBlk"] == "0" * 16


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-", "<&- >&- 2>&-"])
def test_it_starts_from_a_process_without_standard_streams(home: DaemonHome, closed: str) -> None:
    assert spawn(home, redirected=closed) == ""
    assert home.ask("PING") == ["OK"]


def test_several_clients_at_once_start_a_single_daemon(home: DaemonHome) -> None:
    starters = [spawner(home) for _ in range(8)]
    for starter in starters:
        _, error = starter.communicate()
        assert error == ""
    with home.client() as client:
        pid = client.info()["pid"]
    with home.client() as client:
        assert client.info()["pid"] == pid


def test_a_missing_program_is_reported_and_leaves_no_socket(home: DaemonHome) -> None:
    error = spawn(home, ["/nowhere/acd", "daemon"])
    assert error == (
        f"3 no daemon at {home.socket}: /nowhere/acd could not be started (run install.sh again)\n"
    )
    assert not home.socket.exists()


def test_an_unsafe_directory_is_reported(home: DaemonHome) -> None:
    home.directory.mkdir(mode=0o755)
    assert spawn(home).startswith(f"5 {home.directory} is not a private directory: ")


def test_a_relative_path_is_refused_with_the_absolute_one_as_hint() -> None:
    with pytest.raises(UnsafeSocket, match="an absolute path only") as refused:
        activation.spawn(Path("run/acd.sock"), ["/nowhere/acd"], {})
    assert refused.value.hint == f"set ACD_SOCKET to {Path.cwd() / 'run/acd.sock'}"


def test_after_a_program_that_ends_at_once_another_can_be_started(home: DaemonHome) -> None:
    assert spawn(home, ["/bin/false"]) == ""
    assert spawn(home) == ""
    assert home.ask("PING") == ["OK"]
