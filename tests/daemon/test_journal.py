"""The state file: acknowledged changes are read back, also from a damaged file."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from acd.sessions.records import observation_record
from acd.sessions.signals import Observation
from testing.journaled_store import BOOT, JournaledStore
from testing.request_lines import BUSY, hook
from testing.support import DaemonHome

# Truncated files ----------------------------------------------------------------


@pytest.mark.slow  # as many daemons' loads as the file has bytes
def test_a_file_truncated_at_any_byte_keeps_every_complete_record(tmp_path: Path) -> None:
    journaled = JournaledStore(tmp_path / "whole")
    states = {journaled.path.stat().st_size: journaled.state}
    for line in BUSY:
        journaled.do(line)
        states[journaled.path.stat().st_size] = journaled.state
    whole = journaled.path.read_bytes()

    path = tmp_path / "cut"
    for end in range(len(whole) + 1):
        path.write_bytes(whole[:end])
        found = JournaledStore(path)
        before = max((size for size in states if size <= end), default=None)
        assert found.state == ([] if before is None else states[before]), end
        assert whole[:end] == b"" or not found.journal.failure
        # Appending continues after the last complete record.
        found.do("SET after working")
        again = found.again()
        assert again.state == found.state, end
        for used in (found, again):
            used.journal.close()


def test_a_truncated_turn_keeps_its_complete_records(tmp_path: Path) -> None:
    journaled = JournaledStore(tmp_path / "file")
    journaled.do("SET a working", "SET b working", "SET c working")
    whole = journaled.path.read_bytes()
    journaled.path.write_bytes(whole[: whole.index(b"SET c") + 3])
    assert list(journaled.again().store.sessions) == ["a", "b"]


def test_an_incomplete_last_record_is_reported(home: DaemonHome) -> None:
    home.start().kill()
    with home.journal.open("ab") as file:
        file.write(b"SET torn wor")
    daemon = home.start()
    assert "the last record of the state is incomplete: 12 bytes are dropped" in daemon.log()
    with home.client() as client:
        assert client.sessions() == {}


# Foreign files -------------------------------------------------------------------


def as_directory(path: Path) -> None:
    path.mkdir()
    (path / "precious").write_text("")


def as_link(path: Path) -> None:
    target = path.with_name("target")
    target.write_text(f"acd-journal 1 {BOOT}\n")
    path.symlink_to(target)


def as_another_user_s(path: Path) -> None:
    path.write_text(f"acd-journal 1 {BOOT}\nSET forged working\n")
    os.chown(path, 65534, 65534)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(random.Random(0).randbytes(10_000)),
    "text": lambda path: path.write_text("Dear diary,\n"),
    "one long line": lambda path: path.write_bytes(b"x" * 3_000_000),
    "a newer version": lambda path: path.write_text(f"acd-journal 2 {BOOT}\nNEW\n"),
    "half a header": lambda path: path.write_text(f"acd-journal 1 {BOOT[:10]}"),
    "a header without its end": lambda path: path.write_text(f"acd-journal 1 {BOOT}"),
    "a directory": as_directory,
    "a pipe": os.mkfifo,
    "a link": as_link,
    "another user's": as_another_user_s,
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_file_is_set_aside_and_the_daemon_serves(
    home: DaemonHome, make: Callable[[Path], object]
) -> None:
    if make is as_another_user_s and os.getuid() != 0:
        pytest.skip("needs root, to become another user")
    home.directory.mkdir(mode=0o700)
    make(home.journal)
    before = home.journal.lstat()
    daemon = home.start()
    assert f"{home.journal} is set aside as acd.sock.journal.unreadable: " in daemon.log()
    aside = home.journal.with_name("acd.sock.journal.unreadable")
    assert aside.lstat().st_ino == before.st_ino
    assert home.ask("SET a working") == ["OK"]
    daemon.kill()
    home.start()
    with home.client() as client:
        assert list(client.sessions()) == ["a"]
        assert client.info()["journal_failure"] is None
    assert stat.S_IMODE(home.journal.lstat().st_mode) == 0o600


def test_setting_a_file_aside_replaces_an_earlier_one(home: DaemonHome) -> None:
    for text in ("first\n", "second\n"):
        home.directory.mkdir(mode=0o700, exist_ok=True)
        home.journal.unlink(missing_ok=True)
        home.journal.write_text(text)
        assert home.start().stop() == 0
    files = sorted(path.name for path in home.directory.iterdir() if "journal" in path.name)
    assert files == ["acd.sock.journal", "acd.sock.journal.unreadable"]
    assert (home.directory / files[1]).read_text() == "second\n"


def test_a_state_of_an_earlier_boot_is_discarded(home: DaemonHome) -> None:
    home.directory.mkdir(mode=0o700)
    home.journal.write_text(f"acd-journal 1 {BOOT}\n@ 1 1\nSET old working\n")
    daemon = home.start()
    assert "the state is from an earlier boot, and is discarded" in daemon.log()
    with home.client() as client:
        assert client.sessions() == {}
    assert not home.journal.with_name("acd.sock.journal.unreadable").exists()


BAD = [
    "NONSENSE",
    "SET",
    "SET a",
    "SET a nonsense",
    'SET a working {"name": 5}',
    "SET a\u00a0b working",
    "RM nobody",
    "DELETE nobody",
    "API_USAGE nobody {}",
    "API_USAGE",
    "RESURRECT nobody",
    "EVENT",
    "EVENT []",
    "EVENT {}",
    "CORRECT",
    "CORRECT a registry idle ²",
    "CORRECT a registry idle " + "9" * 5_000,
    "CORRECT a nobody idle 5",
    "SESSION",
    "SESSION {}",
    "SESSION " + "[" * 2_000,
    'SESSION {"id": [], "status": "working", "since": 1, "entered": 1}',
    'SESSION {"id": "x", "status": [], "since": 1, "entered": 1}',
    'SESSION {"id": "x", "status": "working", "since": "now", "entered": 1}',
    'SESSION {"id": "x", "status": "working", "since": 1e300, "entered": 1}',
    f'SESSION {{"id": "x", "status": "working", "since": 1, "entered": 1{"0" * 400}}}',
    'SESSION {"id": "x", "status": "working", "since": 1, "entered": 1, "history": [[1]]}',
    'SESSION {"id": "x", "status": "working", "since": 1, "entered": 1, "terminal": 7}',
    'SESSION {"id": "x", "status": "working", "since": 1, "entered": 1, "pid": {}}',
    "@ now then",
    "@ nan nan",
    "@ 1",
    "\ufffd\ufffe",
    "",
]


@pytest.mark.parametrize("record", BAD)
def test_an_invalid_record_is_reported_and_the_others_are_kept(
    tmp_path: Path, journal_log: pytest.LogCaptureFixture, record: str
) -> None:
    path = tmp_path / "acd.sock.journal"
    good = f"acd-journal 1 {BOOT}\n@ 1 1\nSET a working\n"
    path.write_text(f"{good}{record}\nSET b question\n")
    found = JournaledStore(path)
    assert list(found.store.sessions) == ["a", "b"]
    assert "invalid record" in journal_log.text
    # The invalid file stays for diagnosis, and is not read again.
    assert record in path.with_name("acd.sock.journal.unreadable").read_text()
    journal_log.clear()
    again = found.again()
    assert again.state == found.state
    assert journal_log.text == ""
    # Every session that was loaded can be shown.
    for session in list(again.store.sessions):
        assert again.do(f"GET {session}")[0].startswith("OK ")
    assert again.do("LIST")[0].startswith("STATE ")


def test_a_file_of_invalid_records_does_not_fill_the_log(
    tmp_path: Path, journal_log: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal"
    path.write_text(f"acd-journal 1 {BOOT}\n" + "nonsense\n" * 10_000)
    JournaledStore(path)
    assert "it has 10000 invalid records" in journal_log.text
    assert len(journal_log.records) < 20


# Read back ------------------------------------------------------------------------


def test_every_record_is_read_back(tmp_path: Path) -> None:
    journaled = JournaledStore(tmp_path / "file")
    for line in BUSY:
        assert journaled.do(line) == ["OK"] or line.startswith("RESURRECT")
    again = journaled.again()
    assert again.state == journaled.state
    assert again.expiring == journaled.expiring


def test_corrections_are_read_back(tmp_path: Path) -> None:
    journaled = JournaledStore(tmp_path / "file")
    journaled.do(hook("a", "UserPromptSubmit", prompt="go"))
    now = next(journaled.now)
    observation = Observation("registry", "IDLE", "idle", now.wall)
    journaled.store.apply_observation("a", observation, now)
    journaled.journal.append([observation_record("a", observation)], now)
    assert journaled.store.sessions["a"].status == "attention"
    assert journaled.again().state == journaled.state


def test_a_lower_limit_does_not_drop_acknowledged_sessions(home: DaemonHome) -> None:
    daemon = home.start()
    home.ask(*(f'SET s{n} working {{"x": "{"y" * 500}"}}' for n in range(20)))
    daemon.kill()
    home.configure("[limits]\nmax_sessions = 5\nmax_metadata = 256\n")
    home.start()
    with home.client() as client:
        assert len(client.sessions()) == 20
        assert client.ask("SET one-more working") == "ERR too many sessions: at most 5"
