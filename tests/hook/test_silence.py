"""Whatever is broken, the hook ends with status 0 and prints nothing."""

from __future__ import annotations

import gc
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from acd_hook_rare import shortened

from testing.hook_home import INTERPRETER, PROMPT, WAIT, HookHome, wait_until_asleep

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
def test_the_hook_is_silent_with_closed_standard_files(home: HookHome, closed: str) -> None:
    listener = home.listen()
    run = home.run(command=["/bin/sh", "-c", f'"$@" {closed}', "sh", *home.command()])
    assert run.silent
    assert (listener.raw() is None) == ("<&-" in closed.split())


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_the_hook_is_silent_with_closed_standard_files_and_without_a_daemon(
    home: HookHome, closed: str
) -> None:
    assert home.run(command=["/bin/sh", "-c", f'"$@" {closed}', "sh", *home.command()]).silent


def test_the_event_arrives_without_a_reader_of_the_output(home: HookHome) -> None:
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
    home.allow_time()
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
def test_the_hook_is_silent_with_a_path_that_cannot_be_a_socket(home: HookHome, path: str) -> None:
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


def test_without_its_second_file_only_the_events_that_need_it_are_given_up(home: HookHome) -> None:
    home.hook.with_name("acd_hook_rare.py").unlink()
    assert home.run().silent
    listener = home.listen()
    assert home.run(PROMPT.replace(b"BIGCTX", b"x" * 70_000)).silent
    assert listener.raw() is None
    assert home.given_up() == 1
    assert home.run().silent
    assert listener.line().event_text


def test_the_hook_is_silent_with_an_unreadable_home(home: HookHome) -> None:
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


def test_the_hook_is_silent_with_a_limit_on_file_sizes(home: HookHome) -> None:
    home.install_daemon()
    home.make_directory()
    home.socket.write_text("no socket, so that something is counted")

    def no_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    assert home.run(preexec_fn=no_files).silent
    assert home.given_up() == 0


def test_the_hook_is_silent_without_free_descriptors(home: HookHome) -> None:
    listener = home.listen()

    def no_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))

    assert home.run(preexec_fn=no_files).silent
    listener.close()
    home.install_daemon()
    assert home.run(preexec_fn=no_files).silent


@pytest.mark.skipif(not IS_ROOT, reason="only root can mount a file system")
@pytest.mark.parametrize("full", ["size=4k,nr_inodes=1", "size=4k,nr_inodes=2", "size=4k"])
def test_the_hook_is_silent_on_a_full_disk(home: HookHome, full: str) -> None:
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
