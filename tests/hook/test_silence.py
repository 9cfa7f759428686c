"""Whatever is broken, the hook ends with status 0 and prints nothing."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from acd_hook_rare import shortened

from testing.hook_home import INTERPRETER, PROMPT, WAIT, HookHome, wait_until_asleep
from testing.strace import needs_strace

IS_ROOT = os.geteuid() == 0
NOT_AN_EVENT = {
    "nothing": b"",
    "spaces": b" \n\t ",
    "a word": b"hello\n",
    "an array": b"[{}]",
    "a string": b'"{}"',
    "half an object": b'{"session_id": ',
    "a brace": b"}",
    "NULs": bytes(100_000),
    "10 MB of noise": bytes(range(256)) * 40_000,
    "10 MB of noise in braces": b"{" + b"\xff\x00garbage" * 1_100_000 + b"}",
    "10 MB of braces": b"{" * 5_000_000 + b"}" * 5_000_000,
    "100 kB of an array": b"[" + b'"x",' * 25_000 + b"1]",
}


@pytest.mark.parametrize("event", NOT_AN_EVENT.values(), ids=NOT_AN_EVENT)
def test_invalid_input_is_not_sent(home: HookHome, event: bytes) -> None:
    listener = home.listen()
    assert home.run(event).silent
    assert listener.raw() is None


@pytest.mark.parametrize("event", NOT_AN_EVENT.values(), ids=NOT_AN_EVENT)
def test_invalid_input_starts_no_daemon(home: HookHome, event: bytes) -> None:
    home.install_daemon()
    assert home.run(event).silent
    assert not home.directory.exists()


def calls_to_shorten(event: bytes) -> int:
    """The number of calls of Python and C functions until the event is refused."""
    count = 0

    def profile(frame: FrameType, happened: str, arg: Any) -> None:
        nonlocal count
        count += happened in ("call", "c_call")

    former = sys.getprofile()
    sys.setprofile(profile)
    try:
        with pytest.raises(ValueError):
            shortened(event, 65_536)
    finally:
        sys.setprofile(former)
        gc.enable()
    return count


@pytest.mark.parametrize("name", ["10 MB of noise in braces", "10 MB of braces"])
def test_noise_is_refused_by_its_beginning_however_long_it_is(name: str) -> None:
    noise = NOT_AN_EVENT[name]
    calls_to_shorten(noise)  # the first call imports json
    assert calls_to_shorten(noise) == calls_to_shorten(noise[:1_000] + noise[-1_000:])


# Closed standard files.


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_standard_files_are_no_trouble(home: HookHome, closed: str) -> None:
    listener = home.listen()
    run = home.run(command=["/bin/sh", "-c", f'"$@" {closed}', "sh", *home.command()])
    assert run.silent
    assert (listener.raw() is None) == ("<&-" in closed.split())


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_standard_files_are_no_trouble_without_a_daemon(home: HookHome, closed: str) -> None:
    assert home.run(command=["/bin/sh", "-c", f'"$@" {closed}', "sh", *home.command()]).silent


def test_a_reader_of_its_output_that_is_gone_is_no_trouble(home: HookHome) -> None:
    listener = home.listen()
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as out:
        ended = subprocess.run(
            home.command(), input=PROMPT, env=home.environ, stdout=out, stderr=out, check=False
        )
    assert ended.returncode == 0
    assert listener.line().event_text


def test_a_non_blocking_stdin_is_read_to_its_end(home: HookHome) -> None:
    listener = home.listen()
    hooks, ours = socket.socketpair()
    hooks.setblocking(False)
    with ours, subprocess.Popen(home.command(), stdin=hooks.fileno(), env=home.environ) as hook:
        hooks.close()
        ours.sendall(PROMPT[:100])
        wait_until_asleep(hook)
        ours.sendall(PROMPT[100:])
        ours.shutdown(socket.SHUT_WR)
        assert hook.wait(WAIT) == 0
    assert listener.line().event["hook_event_name"] == "UserPromptSubmit"


# A daemon that is missing, frozen or full.


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


def test_a_frozen_daemon_with_a_full_backlog_costs_the_event_and_it_is_counted(
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
acd_hook_event.LIFETIME = 30
time.sleep = lambda seconds: open(pause).read()
acd_hook_event.main()
"""
"""A hook that pauses before its retry until a FIFO has been opened and closed."""


def test_a_backlog_that_has_room_again_at_the_retry_gets_the_event(home: HookHome) -> None:
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


# An unsafe or unusable directory.


@pytest.mark.parametrize("mode", [0o755, 0o710, 0o701, 0o770, 0o1777, 0o777])
def test_a_directory_open_to_others_is_not_used(home: HookHome, mode: int) -> None:
    home.install_daemon()
    listener = home.listen(runs=False)
    home.make_directory(mode)
    assert home.run().silent
    assert listener.raw() is None
    assert [path.name for path in home.directory.iterdir()] == ["acd.sock"]


def test_a_directory_open_to_others_gets_no_socket(home: HookHome) -> None:
    home.install_daemon()
    home.make_directory(0o755)
    assert home.run().silent
    assert list(home.directory.iterdir()) == []


def test_a_directory_that_is_a_symlink_is_not_used(home: HookHome) -> None:
    home.install_daemon()
    real = home.root / "real"
    real.mkdir(mode=0o700)
    home.directory.symlink_to(real)
    listener = home.listen(real / "acd.sock", runs=False)
    assert home.run().silent
    assert listener.raw() is None
    assert [path.name for path in real.iterdir()] == ["acd.sock"]


@pytest.mark.skipif(not IS_ROOT, reason="only root can make another's directory")
def test_anothers_directory_is_not_used(home: HookHome) -> None:
    home.install_daemon()
    listener = home.listen(runs=False)
    os.chown(home.directory, 65534, 65534)
    assert home.run().silent
    assert listener.raw() is None
    assert [path.name for path in home.directory.iterdir()] == ["acd.sock"]


@pytest.mark.parametrize("there", ["file", "directory", "dangling symlink"])
def test_a_file_that_is_no_socket_stays(home: HookHome, there: str) -> None:
    home.install_daemon()
    home.make_directory()
    if there == "file":
        home.socket.write_text("mine")
    elif there == "directory":
        home.socket.mkdir()
    else:
        home.socket.symlink_to("nowhere")
    before = os.lstat(home.socket)
    assert home.run().silent
    after = os.lstat(home.socket)
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert home.daemon_pids() == []


@pytest.mark.parametrize("path", ["acd.sock", "run/acd.sock", "/" + "x" * 104, "/", "//", "/run/"])
def test_a_path_that_cannot_be_a_socket_is_no_trouble(home: HookHome, path: str) -> None:
    home.install_daemon()
    home.make_directory()
    before = sorted(home.root.rglob("*"))
    assert home.run(environ={"ACD_SOCKET": path}, cwd=home.root).silent
    assert sorted(home.root.rglob("*")) == before


def test_a_socket_path_of_104_bytes_is_used(home: HookHome) -> None:
    home.make_directory()
    path = home.directory / ("x" * (103 - len(os.fsencode(home.directory))))
    assert len(os.fsencode(path)) == 104
    listener = home.listen(path)
    home.run(environ={"ACD_SOCKET": str(path)})
    assert listener.line().event_text


@pytest.mark.parametrize("value", ["", "relative", "/nonexistent", "/proc/self/mem"])
def test_an_invalid_home_does_not_stop_a_hook(home: HookHome, value: str) -> None:
    listener = home.listen()
    assert home.run(environ={"HOME": value}).silent
    assert listener.line().event_text


def test_without_its_second_file_it_gives_up_only_what_needs_it(home: HookHome) -> None:
    home.hook.with_name("acd_hook_rare.py").unlink()
    assert home.run().silent
    listener = home.listen()
    assert home.run(PROMPT.replace(b"BIGCTX", b"x" * 70_000)).silent
    assert listener.raw() is None
    assert home.given_up() == 1
    assert home.run().silent
    assert listener.line().event_text


def test_an_unreadable_home_is_no_trouble(home: HookHome) -> None:
    """Runs as an unprivileged user: root reads everything."""
    interpreter = "/usr/bin/python3"
    if IS_ROOT and not Path(interpreter).exists():
        pytest.skip(f"no {interpreter}, and another user may not run {INTERPRETER}")
    user = 65534 if IS_ROOT else os.getuid()
    home.root.chmod(0o755)
    home.make_directory()
    for path in (home.directory, home.home):
        if IS_ROOT:
            os.chown(path, user, user)
    home.home.chmod(0)
    command = home.command(interpreter=interpreter if IS_ROOT else INTERPRETER)
    ended = home.run(command=command, user=user if IS_ROOT else None)
    home.home.chmod(0o700)
    assert ended.silent
    assert home.given_up() == 1  # it looked for a program there, and found none


def test_a_limit_on_file_sizes_is_no_trouble(home: HookHome) -> None:
    home.install_daemon()
    home.make_directory()
    home.socket.write_text("no socket, so that something is counted")

    def no_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    assert home.run(preexec_fn=no_files).silent
    assert home.given_up() == 0


def test_no_more_open_files_are_no_trouble(home: HookHome) -> None:
    listener = home.listen()

    def no_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))

    assert home.run(preexec_fn=no_files).silent
    listener.close()
    home.install_daemon()
    assert home.run(preexec_fn=no_files).silent


@pytest.mark.skipif(not IS_ROOT, reason="only root can mount a file system")
@pytest.mark.parametrize("full", ["size=4k,nr_inodes=1", "size=4k,nr_inodes=2", "size=4k"])
def test_a_full_disk_is_no_trouble(home: HookHome, full: str) -> None:
    """A tmpfs: the first two have no room for a file, the last one for a byte."""
    home.make_directory()
    script = """
        mount -t tmpfs -o "$1,mode=700" none "$2" || exit 99
        { head -c 8192 /dev/zero > "$2/acd.sock.given-up"; } 2>/dev/null
        shift 2
        exec "$@"
    """
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", full]
    assert home.run(command=[*command, str(home.directory), *home.command()]).silent
    home.install_daemon()
    assert home.run(command=[*command, str(home.directory), *home.command()]).silent
