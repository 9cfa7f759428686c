"""Another user's server on the socket's path: clients send it nothing and ignore its replies."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import acd_hook_event
import pytest

from acd.client.blocking import Client
from acd.errors import NotRunning, UnsafeSocket
from acd.protocol import List
from acd.system import runtime_dir
from testing.checkout import CHECKOUT
from testing.hook_home import INTERPRETER, PROMPT, payload
from testing.support import WAIT, DaemonHome

pytestmark = [
    pytest.mark.slow,  # they run servers of other users
    pytest.mark.skipif(os.getuid() != 0, reason="needs root, to act as another user too"),
]

NOBODY = 65534

SERVER = """
import json, os, socket, sys
path, received, uid = sys.argv[1], sys.argv[2], int(sys.argv[3])
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
log = os.open(received, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
os.setgroups([])
os.setgid(uid)
os.setuid(uid)
listener.listen(100)  # from here on SO_PEERCRED reports this user
print(flush=True)
session = {"id": "trap", "status": "question", "since": 0, "display_name": "trap", "prompt": ""}
while True:
    connection, _ = listener.accept()
    with connection:
        while data := connection.recv(1 << 16):
            os.write(log, data)
            connection.sendall(b"STATE " + json.dumps([session]).encode() + b"\\n")
"""


@pytest.fixture(name="home")
def _home() -> Iterator[DaemonHome]:
    with DaemonHome() as made:
        yield made


@pytest.fixture
def received(home: DaemonHome) -> Iterator[Path]:
    """The file with everything that another user's server on the socket's path receives.

    The fixture starts the server as root, since that user cannot, and holds a daemon's lock.
    """
    home.directory.mkdir(mode=0o700)
    received = home.root / "received"
    held = home.socket.with_name("acd.sock.daemon")
    command = [sys.executable, "-I", "-c", SERVER, str(home.socket), str(received), str(NOBODY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server, held.open("w") as lock:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
        assert server.stdout is not None
        server.stdout.readline()
        yield received
        server.kill()


def test_a_command_shows_the_owner_of_the_server_and_sends_nothing(
    home: DaemonHome, received: Path
) -> None:
    command = [sys.executable, "-m", "acd"]
    for words in (["list"], ["set", "s", "working"], ["resurrect", "trap"], ["status"], ["stop"]):
        done = subprocess.run(
            [*command, *words], env=home.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 3
        assert done.stderr == (
            f"acd: user {NOBODY} serves {home.socket}, and acd connects to your own daemon only\n"
            "     set ACD_SOCKET to a path in a directory of yours\n"
        )
        assert done.stdout == ""
    assert received.read_bytes() == b""


def test_a_bar_shows_nothing_of_it(home: DaemonHome, received: Path) -> None:
    command = [sys.executable, "-m", "acd", "bar", "plain"]
    done = subprocess.run(command, env=home.environ, capture_output=True, text=True, check=False)
    assert "trap" not in done.stdout
    assert done.returncode == 3
    assert received.read_bytes() == b""


def test_a_status_line_shows_this_session_alone(home: DaemonHome, received: Path) -> None:
    command = [INTERPRETER, "-I", "-S", str(CHECKOUT / "hooks/acd_statusline.py")]
    done = subprocess.run(
        command, env=home.environ, input=payload("statusLine"), capture_output=True, check=False
    )
    assert done.returncode == 0
    assert b"trap" not in done.stdout
    assert done.stdout != b""
    assert received.read_bytes() == b""


def test_a_hook_sends_nothing_and_counts_the_event(home: DaemonHome, received: Path) -> None:
    command = [INTERPRETER, "-I", "-S", str(CHECKOUT / "hooks/acd_hook.py"), "claude-code"]
    done = subprocess.run(command, env=home.environ, input=PROMPT, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert received.read_bytes() == b""
    assert home.socket.with_name("acd.sock.given-up").read_bytes() == b"."


# A directory that is replaced between the check and the use ----------------------------------


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(10)
        listener.setblocking(False)
        yield listener


def swap(home: DaemonHome) -> Path:
    """Replaces the socket's directory by another one; returns the new path of the socket's."""
    aside = home.root / "aside"
    home.directory.rename(aside)
    home.directory.mkdir(mode=0o700)
    return aside


def test_a_client_reaches_the_socket_in_the_directory_that_it_checked(home: DaemonHome) -> None:
    home.directory.mkdir(mode=0o700)
    with (
        listening(home.socket) as ours,
        runtime_dir.open_directory(home.directory) as directory,
        socket.socket(socket.AF_UNIX) as sock,
    ):
        swap(home)
        with listening(home.socket) as theirs:
            sock.connect(runtime_dir.address(home.socket, directory))
            with ours.accept()[0], pytest.raises(BlockingIOError):
                theirs.accept()


def test_a_hook_reaches_the_socket_in_the_directory_that_it_checked(
    home: DaemonHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")  # and back at the end
    home.directory.mkdir(mode=0o700)
    with listening(home.socket) as ours, socket.socket(socket.AF_UNIX) as sock:
        name = acd_hook_event.enter(os.fsencode(home.socket))
        swap(home)
        with listening(home.socket) as theirs:
            sock.connect(name)
            with ours.accept()[0], pytest.raises(BlockingIOError):
                theirs.accept()


def test_a_socket_that_would_be_bound_elsewhere_is_not_listened_on(
    home: DaemonHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acd.system import activation

    home.directory.mkdir(mode=0o700)
    asked = activation.is_served

    def swapped(path: Path) -> bool:
        served = asked(path)
        swap(home)
        return served

    monkeypatch.setattr(activation, "is_served", swapped)
    with pytest.raises(UnsafeSocket, match=f"cannot bind {home.socket}"):
        activation.bind(home.socket)


ATTACKER = """
import os, socket, sys, time
there, uid = sys.argv[1], int(sys.argv[2])
os.setgroups([])
os.setgid(uid)
os.setuid(uid)
mine = f"{there}-mine"
os.mkdir(mine, 0o700)
listener = socket.socket(socket.AF_UNIX)
listener.bind(f"{mine}/acd.sock")
os.chmod(f"{mine}/acd.sock", 0o777)
listener.listen(100)
listener.setblocking(False)
print(flush=True)
received = 0
while not os.path.exists(f"{there}-stop"):
    os.chmod(mine, 0o711)
    os.rename(mine, there)
    try:
        connection, _ = listener.accept()
        connection.settimeout(0.2)
        try:
            received += len(connection.recv(1 << 16))
        except OSError:
            pass
        connection.close()
    except BlockingIOError:
        pass
    os.rename(there, mine)
print(received, flush=True)
"""


def test_a_user_who_renames_a_directory_in_and_out_of_tmp_receives_nothing() -> None:
    root = Path(tempfile.mkdtemp(prefix="acd-"))
    root.chmod(0o1777)
    there = root / "acd"
    environ = {"ACD_SOCKET": str(there / "acd.sock"), "HOME": str(root)}
    command = [sys.executable, "-I", "-c", ATTACKER, str(there), str(NOBODY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as attacker:
        try:
            assert attacker.stdout is not None
            attacker.stdout.readline()
            for _ in range(3000):
                with (
                    contextlib.suppress(NotRunning, UnsafeSocket),
                    Client.connect(environ, start=False) as client,
                ):
                    client.request(List())
            Path(f"{there}-stop").touch()
            assert attacker.wait(WAIT) == 0
            assert attacker.stdout.read() == b"0\n"
        finally:
            attacker.kill()
