"""A daemon that is missing, frozen or full delays no hook, and each lost event is counted."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.hook_home import INTERPRETER, PROMPT, WAIT, HookHome
from testing.strace import needs_strace


def test_no_daemon_and_nothing_to_start_leaves_nothing_behind(home: HookHome) -> None:
    before = sorted(home.root.rglob("*"))
    assert home.run().silent
    assert sorted(home.root.rglob("*")) == before


def test_no_daemon_and_nothing_to_start_is_counted_where_the_directory_is(home: HookHome) -> None:
    home.make_directory()
    assert home.run().silent
    assert [path.name for path in home.directory.iterdir()] == ["acd.sock.given-up"]
    assert home.given_up() == 1


@contextlib.contextmanager
def frozen_daemon(path: Path, backlog: int) -> Iterator[None]:
    """A process that listens, stopped by SIGSTOP."""
    program = (
        "import socket, signal, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]);"
        "s.listen(int(sys.argv[2])); print(flush=True); signal.pause()"
    )
    command = [sys.executable, "-c", program, str(path), str(backlog)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()
        path.with_name(f"{path.name}.daemon").write_text(f"{daemon.pid}\n")
        daemon.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            daemon.kill()


@contextlib.contextmanager
def full_backlog(path: Path) -> Iterator[None]:
    """Connects until the backlog is full."""
    with contextlib.ExitStack() as stack:
        while True:
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.setblocking(False)
            try:
                connection.connect(str(path))
            except BlockingIOError:
                break
        yield


def test_a_frozen_daemon_delays_no_hook(home: HookHome) -> None:
    home.make_directory()
    with frozen_daemon(home.socket, backlog=128):
        runs = [home.run() for _ in range(5)]
    assert all(run.silent for run in runs)
    assert home.given_up() == 0  # the backlog holds them


@needs_strace
def test_the_hook_waits_for_no_reply_of_a_frozen_daemon(home: HookHome) -> None:
    home.make_directory()
    with frozen_daemon(home.socket, backlog=128):
        calls = home.system_calls()
    assert not [call for call in calls if call.startswith(("recv", "---")) or "POLLIN" in call]


@needs_strace
def test_a_full_backlog_is_tried_twice(home: HookHome) -> None:
    home.make_directory()
    with frozen_daemon(home.socket, backlog=2), full_backlog(home.socket):
        calls = home.system_calls()
    assert len([call for call in calls if call.startswith("connect(")]) == 2
    assert not [call for call in calls if call.startswith("--- SIGALRM")]


def test_a_frozen_daemon_with_a_full_backlog_loses_the_event_and_it_is_counted(
    home: HookHome,
) -> None:
    home.make_directory()
    with frozen_daemon(home.socket, backlog=2), full_backlog(home.socket):
        runs = [home.run() for _ in range(3)]
    assert all(run.silent for run in runs)
    assert home.given_up() == 3


RETRIES_LATER = """
import sys, time
sys.path.append(sys.argv.pop(1))
import acd_hook_event
pause = sys.argv.pop(1)
time.sleep = lambda seconds: open(pause).read()
acd_hook_event.main()
"""
"""A hook that pauses before its retry until a FIFO has been opened and closed."""


def test_a_backlog_that_has_room_again_at_the_retry_gets_the_event(home: HookHome) -> None:
    home.allow_time()
    listener = home.listen(backlog=0)
    pause = home.root / "pause"
    os.mkfifo(pause)
    program, agent = str(home.program), "claude-code"
    command = [INTERPRETER, "-I", "-S", "-c", RETRIES_LATER, program, str(pause), agent]
    with full_backlog(home.socket), home.start(command) as hook:
        assert hook.stdin is not None
        hook.stdin.write(PROMPT)
        hook.stdin.close()
        with pause.open("w"):  # open(2) returns when the hook is between its two tries
            listener.accept_one()
        assert hook.wait(WAIT) == 0
    assert home.given_up() == 0
    assert listener.line().event["hook_event_name"] == "UserPromptSubmit"


def test_the_count_stops_at_64_kib(home: HookHome) -> None:
    home.make_directory()
    home.given_up_file.write_bytes(b"." * 65_535)
    home.run()
    home.run()
    assert home.given_up() == 65_536


@pytest.mark.parametrize("there", ["symlink", "fifo", "directory"])
def test_a_file_of_another_type_at_the_path_of_the_count_stays(home: HookHome, there: str) -> None:
    home.make_directory()
    elsewhere = home.root / "elsewhere"
    elsewhere.write_bytes(b"")
    if there == "symlink":
        home.given_up_file.symlink_to(elsewhere)
    elif there == "fifo":
        os.mkfifo(home.given_up_file)
    else:
        home.given_up_file.mkdir()
    assert home.run().silent
    assert elsewhere.read_bytes() == b""
