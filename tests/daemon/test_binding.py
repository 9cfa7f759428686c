"""A daemon without a service manager binds its own private socket, and only one does."""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pytest

from acd.errors import EXIT_ALREADY_RUNNING, EXIT_UNSAFE_SOCKET
from testing.strace import Strace
from testing.support import DAEMON, WAIT, DaemonHome

as_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become another user")

NOBODY = 65534


def refused(home: DaemonHome) -> str:
    """The log of a daemon that exits because its directory is unsafe."""
    daemon = home.start(wait=False)
    assert daemon.end() == EXIT_UNSAFE_SOCKET
    return daemon.log()


def test_the_directory_is_created_private(home: DaemonHome) -> None:
    home.start()
    assert stat.S_IMODE(home.directory.stat().st_mode) == 0o700


def test_all_files_beside_the_socket_are_private(home: DaemonHome) -> None:
    home.start(umask=0)
    assert home.ask("SET one working") == ["OK"]
    found = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in home.directory.iterdir()}
    assert found == dict.fromkeys(
        ("acd.sock", "acd.sock.daemon", "acd.sock.journal", "acd.sock.lock"), 0o600
    )


def test_no_file_is_ever_accessible_to_others_even_under_umask_0(
    home: DaemonHome, strace: Strace
) -> None:
    calls = "bind,umask,mkdir,mkdirat,open,openat,creat,chmod,fchmod,fchmodat,mknod,mknodat,rename"
    daemon = home.start(strace.of(DAEMON, calls), umask=0)
    assert home.ask("SET one working", "STOP") == ["OK", "OK"]
    assert daemon.end() == 0

    umask, made = 0, {}
    for call in strace.calls():
        if found := re.match(r"umask\((\d+)\)", call):
            umask = int(found[1], 8)
        # By its path, or by its name relative to the directory's descriptor.
        names_socket = str(home.directory) in call or '"acd.sock' in call
        if not call.endswith(")") and names_socket and "= -1 " not in call:
            path = re.search(r'"([^"]*)"', call)
            mode = re.search(r"\b(0\d{3})\)", call)
            assert path is not None
            if call.startswith("bind("):
                made[Path(path[1]).name] = 0o777 & ~umask
            elif "O_CREAT" in call or call.startswith("mkdir"):
                assert mode is not None, call
                made[Path(path[1]).name] = int(mode[1], 8) & ~umask
            assert not call.startswith(("chmod", "fchmod")), "private before it is reachable"
    assert made == {
        "run": 0o700,
        "acd.sock": 0o600,
        "acd.sock.lock": 0o600,
        "acd.sock.daemon": 0o600,
        "acd.sock.journal.new": 0o600,
    }


def test_a_stale_socket_file_is_replaced(home: DaemonHome) -> None:
    home.start().kill()
    assert home.socket.exists()
    home.start()
    assert home.ask("PING") == ["OK"]


def test_a_file_at_the_path_of_the_socket_is_refused_and_kept(home: DaemonHome) -> None:
    home.directory.mkdir(mode=0o700)
    home.socket.write_text("precious")
    assert refused(home) == (
        f"acd: {home.socket} exists, and is not a socket\n"
        "     move it away, or set ACD_SOCKET to another path\n"
    )
    assert home.socket.read_text() == "precious"


def test_a_link_at_the_path_of_the_socket_is_refused_and_kept(home: DaemonHome) -> None:
    home.directory.mkdir(mode=0o700)
    home.socket.symlink_to(home.root / "elsewhere")
    assert "is not a socket" in refused(home)
    assert home.socket.is_symlink()


def test_a_second_daemon_exits_with_an_error(home: DaemonHome) -> None:
    first = home.start()
    second = home.start(wait=False)
    assert second.end() == EXIT_ALREADY_RUNNING
    assert second.log() == (
        f"acd: another acd daemon already serves {home.socket}\n"
        "     use it (acd status), or end it first (acd stop)\n"
    )
    with home.client() as client:
        assert client.info()["pid"] == first.pid


def test_a_hanging_daemon_with_a_full_queue_is_not_replaced(home: DaemonHome) -> None:
    home.directory.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as frozen, socket.socket(socket.AF_UNIX) as waits:
        frozen.bind(str(home.socket))
        frozen.listen(0)
        waits.connect(str(home.socket))
        daemon = home.start(wait=False)
        assert daemon.end() == EXIT_ALREADY_RUNNING


def test_of_several_daemons_started_at_once_exactly_one_serves(home: DaemonHome) -> None:
    daemons = [home.start(wait=False) for _ in range(6)]
    with ThreadPoolExecutor() as waiting:
        ends = [waiting.submit(daemon.end) for daemon in daemons]
        others = [end.result() for end in itertools.islice(as_completed(ends), 5)]
        assert others == [EXIT_ALREADY_RUNNING] * 5
        [winner] = [d for d, end in zip(daemons, ends, strict=True) if not end.done()]
        winner.wait_for("READY=1")
        with home.client() as client:
            assert client.info()["pid"] == winner.pid
            assert client.ask("STOP") == "OK"


# Unsafe directories -------------------------------------------------------


def test_a_directory_that_is_a_link_is_refused(home: DaemonHome) -> None:
    (home.root / "real").mkdir(mode=0o700)
    home.directory.symlink_to(home.root / "real")
    assert refused(home) == (
        f"acd: {home.directory} is not a private directory: it is a symbolic link\n"
        "     make it a directory of yours with mode 700, or set ACD_SOCKET to another place\n"
    )
    assert list((home.root / "real").iterdir()) == []


@pytest.mark.parametrize("mode", [0o710, 0o701, 0o750, 0o755, 0o777, 0o1777])
def test_a_directory_that_is_accessible_to_others_is_refused(home: DaemonHome, mode: int) -> None:
    home.directory.mkdir()
    home.directory.chmod(mode)
    assert f"its mode is {mode:o}, and others could enter it" in refused(home)


@as_root
def test_a_directory_of_another_user_is_refused(home: DaemonHome) -> None:
    home.directory.mkdir(mode=0o700)
    os.chown(home.directory, NOBODY, NOBODY)
    assert f"it belongs to user {NOBODY}" in refused(home)


def test_a_file_at_the_path_of_the_directory_is_refused(home: DaemonHome) -> None:
    home.directory.write_text("")
    assert "it is not a directory" in refused(home)


def test_a_directory_that_cannot_be_created_is_reported(home: DaemonHome) -> None:
    home.environ["ACD_SOCKET"] = str(home.root / "home" / "file" / "acd" / "acd.sock")
    (home.root / "home" / "file").write_text("")
    assert refused(home).startswith(f"acd: cannot create {home.home / 'file' / 'acd'}: ")


def test_a_path_that_is_too_long_is_reported_with_its_length(home: DaemonHome) -> None:
    path = home.directory / ("x" * 100)
    home.environ["ACD_SOCKET"] = str(path)
    assert refused(home) == (
        f"acd: the socket's path is {len(str(path))} bytes long, and a Unix socket's path has"
        f" at most 104: {path}\n     set ACD_SOCKET to a shorter path\n"
    )


def test_a_relative_path_is_served_in_the_working_directory(home: DaemonHome) -> None:
    home.environ["ACD_SOCKET"] = "run/acd.sock"
    home.start()
    assert home.ask("PING") == ["OK"]


def test_a_lock_file_that_is_a_link_is_refused_and_its_target_kept(home: DaemonHome) -> None:
    home.directory.mkdir(mode=0o700)
    (home.root / "precious").write_text("precious")
    for name in ("acd.sock.lock", "acd.sock.daemon"):
        link = home.directory / name
        link.symlink_to(home.root / "precious")
        assert str(home.directory) in refused(home)
        link.unlink()
    assert (home.root / "precious").read_text() == "precious"


@as_root
def test_a_directory_of_another_user_in_tmp_is_refused(home: DaemonHome) -> None:
    uid = 4243  # a user without a directory in /run/user
    prepared = Path(f"/tmp/acd-{uid}")
    # Imports before setuid, because only root may be able to read the interpreter.
    program = f"""
import os, sys
import acd.__main__, acd.daemon.daemon, acd.text
os.setgroups([])
os.setgid({uid})
os.setuid({uid})
sys.argv[1:] = ["daemon"]
sys.exit(acd.__main__.main())
"""
    del home.environ["ACD_SOCKET"]
    prepared.mkdir(mode=0o700)
    try:
        daemon = home.start([sys.executable, "-c", program], wait=False)
        assert daemon.end() == EXIT_UNSAFE_SOCKET
    finally:
        prepared.rmdir()
    assert f"{prepared} is not a private directory: it belongs to user 0\n" in daemon.log()


def test_a_check_for_a_daemon_does_not_delay_the_start_of_one(
    home: DaemonHome,
) -> None:
    home.directory.mkdir(mode=0o700)
    lock_file = home.directory / "acd.sock.daemon"
    bystander = subprocess.Popen(["sleep", str(WAIT)])
    try:
        # The pid of a killed daemon, reused by another process.
        lock_file.write_text(str(bystander.pid))
        with lock_file.open() as held:
            fcntl.flock(held, fcntl.LOCK_SH)
            daemon = home.start(wait=False)
            with pytest.raises(subprocess.TimeoutExpired):
                bystander.wait(0.5)
        daemon.wait_for("READY=1")
    finally:
        bystander.kill()
        bystander.wait()
