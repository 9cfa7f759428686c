"""Compaction of the state file: in steps, complete at each of them, and of bounded size."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from acd.daemon import journal as journals
from testing.journaled_store import JournaledStore
from testing.request_lines import hook
from testing.support import DaemonHome


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that is compacted all the time, one session per step."""
    monkeypatch.setattr(journals, "COMPACT_MIN", 500)
    monkeypatch.setattr(journals, "COMPACT_GROWTH", 1.5)
    monkeypatch.setattr(journals, "COMPACT_STEP", 1)


def traffic(chance: random.Random) -> str:
    """A random request for few sessions in few processes."""
    session = f"s{chance.randrange(12)}"
    pid = 4_000_000 + chance.randrange(3)
    kind = chance.randrange(14)
    if kind < 4:
        return f"SET {session} {chance.choice(('working', 'question', 'attention'))}"
    if kind < 8:
        event, fields = chance.choice(
            [
                ("SessionStart", {"source": "startup"}),
                ("SessionStart", {"source": "resume"}),
                ("SessionStart", {"source": "clear"}),
                ("UserPromptSubmit", {}),
                ("PermissionRequest", {"tool_name": "Bash"}),
                ("PostToolUse", {}),
                ("SubagentStop", {"agent_id": "1"}),
                ("Stop", {}),
                ("SessionEnd", {"reason": "clear"}),
            ]
        )
        return hook(session, event, pid=pid, **fields)
    return [
        f"RM {session}",
        f"DELETE {session}",
        f'SET {session} closed {{"session_id": "r", "working_dir": "/"}}',
        f"RESURRECT {session}",
        f'API_USAGE {session} {{"input_tokens": {chance.randrange(9)}}}',
        f'SET {session} working {{"key{chance.randrange(9)}": 1}}',
    ][kind - 8]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 8))]
)
def test_the_file_is_complete_at_every_step_of_a_compaction(
    tmp_path: Path, seed: int, journal_log: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(seed)
    journaled = JournaledStore(tmp_path / "acd.sock.journal")
    finished = 0
    for _ in range(250):
        journaled.do(*(traffic(chance) for _ in range(chance.randrange(1, 4))))
        if journaled.journal.needs_compaction:
            before = journaled.path.stat().st_ino
            journaled.journal.compact_step()
            finished += journaled.path.stat().st_ino != before
        # A kill -9 at this moment leaves exactly the files as they are.
        died = tmp_path / "died"
        died.mkdir()
        for file in tmp_path.glob("acd.sock.journal*"):
            shutil.copy(file, died / file.name)
        found = JournaledStore(died / "acd.sock.journal")
        assert found.state == journaled.state
        assert sorted(found.expiring) == sorted(journaled.expiring)
        found.journal.close()
        shutil.rmtree(died)
    assert finished >= 3
    assert "invalid record" not in journal_log.text


@pytest.mark.usefixtures("small")
def test_a_late_event_of_a_closed_session_during_a_compaction_keeps_the_new_session_open(
    tmp_path: Path,
) -> None:
    # Without the old session, the event would create it anew in the process of the
    # session that replaced it, and would close that one.
    journaled = JournaledStore(tmp_path / "file")
    journaled.do("SET other working")
    journaled.do(hook("old", "SessionStart", source="startup", pid=4_000_001))
    journaled.do(hook("new", "SessionStart", source="clear", pid=4_000_001))
    while not journaled.journal.needs_compaction:
        journaled.do("SET other working")
    while journaled.journal.needs_compaction:
        journaled.journal.compact_step()
        journaled.do(hook("old", "PostToolUse", pid=4_000_001))
    assert journaled.store.sessions["new"].status != "closed"
    assert journaled.again().state == journaled.state


@pytest.mark.usefixtures("small")
def test_a_compaction_keeps_the_order_of_the_list(tmp_path: Path) -> None:
    journaled = JournaledStore(tmp_path / "file")
    journaled.do("SET a working", "SET b working", "SET c working", "RM a")
    while not journaled.journal.needs_compaction:
        journaled.do("SET c working")
    while journaled.journal.needs_compaction:
        journaled.journal.compact_step()
        journaled.do("SET a working", "SET b question")
    assert list(journaled.again().store.sessions) == ["a", "b", "c"]


FLOODS = {
    "the same status": "SET a working",
    "changing statuses": "SET a {working|question}",
    "API usage": 'API_USAGE a {"input_tokens": 1}',
    "hooks": hook("a", "PostToolUse", tool_name="Bash"),
    "hooks without a meaning": hook("nobody", "Strange"),
    "sessions that come and go": "{SET b working|DELETE b}",
}


@pytest.mark.slow  # writes several times the bound
@pytest.mark.parametrize("line", FLOODS.values(), ids=FLOODS.keys())
def test_the_size_of_the_file_is_bounded(home: DaemonHome, line: str) -> None:
    daemon = home.start()
    first, second = line, line
    if "|" in line:
        head, _, rest = line.partition("{")
        one, _, other = rest.partition("}")[0].partition("|")
        first, second = head + one, head + other
    bound = journals.COMPACT_MIN + 256 * 1_024
    written = 0
    with home.client() as client:
        client.ask("SET a working")
        while written < 3 * journals.COMPACT_MIN:
            assert client.ask_all(*[first, second] * 250) == ["OK"] * 500
            written += 250 * (len(first) + len(second))
            assert home.journal.stat().st_size < bound
        before = client.sessions()
    assert home.journal.stat().st_size < bound
    daemon.stop()
    home.start()
    with home.client() as client:
        after = client.sessions()
    for sessions in (before, after):
        for session in sessions.values():
            del session["elapsed"]
    assert after == before


def test_an_orderly_stop_leaves_one_record_per_session(home: DaemonHome) -> None:
    daemon = home.start()
    with home.client() as client:
        for _ in range(4):
            client.ask_all(*(f"SET s{n % 10} working" for n in range(1_000)))
        client.ask("STOP")
    assert daemon.end() == 0
    assert home.journal.read_text().count("\n") == 11


def test_an_unfinished_compaction_of_a_killed_daemon_is_removed(home: DaemonHome) -> None:
    home.start().kill()
    half = home.directory / "acd.sock.journal.new"
    half.write_text("half")
    daemon = home.start()
    home.ask("SET a working")
    with home.client() as client:
        assert client.info()["journal_failure"] is None
    assert daemon.stop() == 0
    assert not half.exists()
