"""A journal that cannot be written: the daemon serves from memory, reports it, and recovers."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.support import DAEMON, DaemonHome, DaemonProcess, LineClient

pytestmark = pytest.mark.slow  # they wait for retries of the journal

UNTIL_CHECKED = 1.05
"""Seconds after which a change checks the file again: the journal does so once a second."""

as_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to mount")


def wait_until_recovered(client: LineClient) -> None:
    """The daemon retries a second after the failure, then twice that, and so on."""
    while client.info()["journal_failure"] is not None:
        time.sleep(0.05)


# The file -----------------------------------------------------------------------


def test_a_removed_file_is_written_again_with_the_next_change(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    client.ask("SET a working")
    time.sleep(UNTIL_CHECKED)
    home.journal.unlink()
    assert client.ask("SET b working") == "OK"
    assert client.info()["journal_failure"] is None
    daemon.kill()
    home.start()
    with home.client() as other:
        assert set(other.sessions()) == {"a", "b"}


def test_the_file_in_a_directory_that_was_made_again_is_written_again(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    client.ask("SET a working")
    time.sleep(UNTIL_CHECKED)
    shutil.rmtree(home.directory)
    assert client.ask("SET b working") == "OK"
    assert client.info()["journal_failure"] == "No such file or directory"
    assert client.ask("SET c working") == "OK"
    home.directory.mkdir(mode=0o700)
    wait_until_recovered(client)
    assert "SESSION" in home.journal.read_text()
    assert daemon.stop() == 0
    home.start()
    with home.client() as other:
        assert set(other.sessions()) == {"a", "b", "c"}


def test_unwritten_state_is_written_at_the_stop(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    client.ask("SET a working")
    time.sleep(UNTIL_CHECKED)
    shutil.rmtree(home.directory)
    client.ask("SET b working")
    home.directory.mkdir(mode=0o700)
    assert daemon.stop() == 0  # before its next try
    home.start()
    with home.client() as other:
        assert set(other.sessions()) == {"a", "b"}


def test_a_limit_on_the_size_of_a_file_is_handled_as_a_full_disk(home: DaemonHome) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))

    daemon = home.start(preexec_fn=small_files)
    with home.client() as client:
        # One session each: a rewritten file is as long.
        replies = client.ask_all(*(f"SET {'s' * 100}{n} working" for n in range(100)))
        assert replies == ["OK"] * 100
        assert client.info()["journal_failure"] == "File too large"
        assert len(client.sessions()) == 100
        status = daemon.next_status(lambda status: "memory" in status)
        assert status.endswith("; state in memory only (File too large)")
        assert "the state cannot be written, and is in memory only: File too large" in daemon.log()
        infinite = resource.RLIM_INFINITY
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (infinite, infinite))
        wait_until_recovered(client)
        daemon.next_status(lambda status: "memory" not in status)
    assert "the state is written again" in daemon.log()
    daemon.kill()
    home.start()
    with home.client() as client:
        assert len(client.sessions()) == 100


def test_a_file_of_changes_that_hits_a_limit_is_rewritten_at_once(home: DaemonHome) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))

    daemon = home.start(preexec_fn=small_files)
    with home.client() as client:
        for _ in range(5):
            assert client.ask_all(*["SET a working", "SET a question"] * 50) == ["OK"] * 100
            assert client.info()["journal_failure"] is None
    assert "the state is in a new file: " in daemon.log()
    daemon.kill()
    home.start()
    with home.client() as client:
        assert client.get("a")["status"] == "question"
        assert len(client.get("a")["history"]) == 50


# The file system ------------------------------------------------------------------


class Disk:
    """A small tmpfs on the socket's directory, in a new mount namespace."""

    def __init__(self, home: DaemonHome):
        home.directory.mkdir(mode=0o700)
        self.home = home
        mount = f"mount -t tmpfs -o size=128k,mode=700 disk {home.directory}"
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", f"{mount} && echo mounted && exec sleep 1000"],
            stdout=subprocess.PIPE,
        )
        assert self.holder.stdout is not None
        assert self.holder.stdout.readline() == b"mounted\n"
        self.directory = Path(f"/proc/{self.holder.pid}/root{home.directory}")
        self.enter = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt"]

    def start(self) -> DaemonProcess:
        return self.home.start([*self.enter, *DAEMON])

    def client(self) -> LineClient:
        return LineClient(self.directory / "acd.sock")

    def fill(self) -> None:
        with (self.directory / "fill").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 512)
            except OSError:
                pass

    def close(self) -> None:
        self.holder.kill()
        self.holder.wait()


@pytest.fixture
def disk(home: DaemonHome) -> Iterator[Disk]:
    made = Disk(home)
    yield made
    made.close()


@as_root
def test_on_a_full_disk_every_line_is_served_and_the_journal_recovers(
    home: DaemonHome, disk: Disk
) -> None:
    daemon = disk.start()
    with disk.client() as client:
        assert client.ask("SET before working") == "OK"
        disk.fill()
        # The last page has room for a few.
        assert client.ask_all(*(f"SET s{n} working" for n in range(300))) == ["OK"] * 300
        assert client.info()["journal_failure"] == "No space left on device"
        assert "in memory only: No space left on device" in daemon.log()
        assert len(client.sessions()) == 301
        (disk.directory / "fill").unlink()
        wait_until_recovered(client)
        assert client.ask("SET after working") == "OK"
    daemon.kill()
    disk.start()
    with disk.client() as client:
        assert len(client.sessions()) == 302


@as_root
def test_changes_from_before_a_full_disk_survive_a_kill(home: DaemonHome, disk: Disk) -> None:
    daemon = disk.start()
    with disk.client() as client:
        assert client.ask("SET before working") == "OK"
        disk.fill()
        client.ask_all(*(f"SET s{n} working" for n in range(300)))
    daemon.kill()
    (disk.directory / "fill").unlink()
    daemon = disk.start()
    assert "invalid record" not in daemon.log()
    with disk.client() as client:
        assert "before" in client.sessions()


@as_root
def test_a_daemon_starts_on_a_full_disk(home: DaemonHome, disk: Disk) -> None:
    disk.fill()
    disk.start()
    with disk.client() as client:
        assert client.info()["journal_failure"] == "No space left on device"
        assert client.ask("SET a working") == "OK"
        (disk.directory / "fill").unlink()
        wait_until_recovered(client)


def test_the_journal_recovers_from_a_read_only_file_system(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    assert client.ask("SET before working") == "OK"
    # As after an error of the disk. mount(8) cannot remount it read-only while a
    # file on it is open for writing.
    paths = [word for path in (home.journal, f"{home.journal}.new") for word in ("-P", str(path))]
    calls = "write,openat,ftruncate,rename,unlink"
    inject = ["-e", f"trace={calls}", "-e", f"inject={calls}:error=EROFS"]
    tracer = subprocess.Popen(
        ["strace", "-o", os.devnull, *paths, *inject, "-p", str(daemon.pid)],
        stderr=subprocess.PIPE,
    )
    assert tracer.stderr is not None
    assert b"attached" in tracer.stderr.readline()
    try:
        assert client.ask("SET meanwhile working") == "OK"
        assert client.info()["journal_failure"] == "Read-only file system"
        assert client.ask("SET also question") == "OK"
    finally:
        tracer.terminate()
        tracer.wait()
    wait_until_recovered(client)
    daemon.kill()
    home.start()
    with home.client() as other:
        assert set(other.sessions()) == {"before", "meanwhile", "also"}
