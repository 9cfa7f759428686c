"""The daemon survives values that no system call accepts, foreign locales, and bugs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from acd.agents.catalog import AGENTS, DEFAULT
from acd.agents.observer import WatchTarget
from acd.daemon import observers
from acd.daemon.journal import Journal
from acd.sessions.store import Change, Store
from acd.sessions.values import Now
from acd.system import clock
from testing.peer import memory_server
from testing.support import DaemonHome

NUL = "/a\0b"

META_FIELDS = ("config_dir", "host", "TMUX", "KITTY_LISTEN_ON", "WEZTERM_UNIX_SOCKET")
EVENT_FIELDS = (
    "cwd",
    "transcript_path",
    "agent_id",
    "prompt_id",
    "tool_use_id",
    "message",
    "last_assistant_message",
    "tool_name",
    "source",
    "notification_type",
)


def hook(agent: str = "claude-code", meta: Mapping[str, Any] | None = None, **fields: Any) -> str:
    """A HOOK line of a living agent."""
    meta_json = json.dumps({"pid": os.getpid(), **(meta or {})}, separators=(",", ":"))
    event = {"session_id": "s", "hook_event_name": "UserPromptSubmit", **fields}
    return f"HOOK {agent} {meta_json} {json.dumps(event)}"


def lines_with_nul() -> Iterator[str]:
    """Each field of each agent with NUL, in the events that have it."""
    for agent in AGENTS:
        for field in META_FIELDS:
            yield hook(agent, {field: NUL})
            yield hook(agent, {"host": "elsewhere", field: NUL})
        for field in EVENT_FIELDS:
            for name in ("UserPromptSubmit", "PermissionRequest", "Stop", "Notification"):
                fields: dict[str, Any] = {"hook_event_name": name, field: NUL}
                yield hook(agent, **fields)
                yield hook(agent, {"host": "elsewhere"}, **fields)
    yield hook()  # of this machine again: the stored values are used from now on


def test_a_daemon_starts_after_nul_in_any_field_of_a_hook(home: DaemonHome) -> None:
    lines = list(lines_with_nul())
    before = home.start()
    assert set(home.ask(*lines)) == {"OK"}
    before.kill()
    after = home.start()
    with home.client() as client:
        assert list(client.sessions()) == ["s"]
        assert "\0" not in json.dumps(client.get("s"))
    assert "Traceback" not in after.log()


@pytest.mark.parametrize(
    ("agent", "meta", "fields"),
    [("codex", {}, {"transcript_path": NUL}), ("claude-code", {"config_dir": NUL}, {})],
)
def test_a_path_with_nul_of_another_machine_is_not_opened_here(
    home: DaemonHome, agent: str, meta: dict[str, Any], fields: dict[str, Any]
) -> None:
    before = home.start()
    assert home.ask(hook(agent, {"host": "elsewhere", **meta}, **fields), hook(agent)) == [
        "OK",
        "OK",
    ]
    before.kill()
    home.start()
    assert home.ask("PING") == ["OK"]


def test_a_path_with_nul_ends_no_connection(home: DaemonHome) -> None:
    home.start()
    assert home.ask(hook("codex", transcript_path=NUL), "PING") == ["OK", "OK"]


@pytest.mark.parametrize("key", ["working_dir", "session_id", "agent_type", "prompt", "name"])
def test_a_set_with_nul_is_refused_with_the_name_of_its_key(home: DaemonHome, key: str) -> None:
    home.start()
    [reply] = home.ask(f"SET s working {json.dumps({key: NUL})}")
    assert reply == (
        f"ERR invalid metadata: {key} must be Unicode text, without NUL and lone surrogates"
    )


V0_1_0 = (
    '@ 1 1\nSET set working {"working_dir": "/a\\u0000b", "name": "kept"}\n'
    'EVENT {"agent": "codex", "session": "event", "name": "UserPromptSubmit",'
    ' "status": "working", "at": 1, "cwd": "/", "config_dir": "/a\\u0000b",'
    ' "transcript": "/a\\u0000b"}\n'
    'SESSION {"id": "whole", "status": "working", "since": 1, "entered": 1,'
    ' "agent_type": "codex", "transcript": "/a\\u0000b", "config_dir": "/a\\u0000b"}\n'
)
"""Records of version 0.1.0, for lines that it acknowledged."""


def test_a_journal_of_0_1_0_that_holds_nul_loads_whole_and_the_daemon_serves_it(
    home: DaemonHome,
) -> None:
    home.directory.mkdir(mode=0o700)
    home.journal.write_text(f"acd-journal 1 {clock.boot_id()}\n{V0_1_0}")
    home.start()
    with home.client() as client:
        assert list(client.sessions()) == ["set", "event", "whole"]
        assert client.get("set")["display_name"] == "kept"
        assert client.get("set")["working_dir"] is None
    assert list(home.directory.glob("*.unreadable")) == []


# Locales ------------------------------------------------------------------------------

NAME = "проект-計画"


@pytest.fixture(scope="module")
def latin_1(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a real Latin-1 locale."""
    if sys.platform != "linux":
        pytest.skip("makes a locale of glibc's")
    directory = tmp_path_factory.mktemp("locales")
    command = ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", str(directory / "de_DE")]
    if shutil.which("localedef") is None or not Path("/usr/share/i18n/locales/de_DE").exists():
        pytest.skip("needs localedef and its sources (Debian: locales)")
    subprocess.run(command, check=True, capture_output=True)
    environ = {"LOCPATH": str(directory), "LC_ALL": "de_DE", "LANG": "de_DE"}
    probe = [sys.executable, "-I", "-c", "import sys; print(sys.getfilesystemencoding())"]
    done = subprocess.run(probe, env=environ, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "iso8859-1"
    return environ


@pytest.mark.parametrize("written_under", ["UTF-8", "Latin-1"])
def test_a_daemon_in_a_latin_1_locale_watches_paths_that_are_utf_8(
    home: DaemonHome, latin_1: dict[str, str], written_under: str
) -> None:
    config_dir = home.home / NAME
    (config_dir / "sessions").mkdir(parents=True)
    # Executed: a forked daemon has the encoding of the process that it was forked from.
    command = [sys.executable, "-I", "-m", "acd", "daemon"]
    agent = subprocess.Popen(["sleep", "1000"])
    try:
        first = home.start(command, latin_1 if written_under == "Latin-1" else None)
        meta = {"pid": agent.pid, "config_dir": str(config_dir)}
        assert home.ask(hook(meta=meta, cwd=str(config_dir))) == ["OK"]
        first.kill()
        after = home.start(command, latin_1)
        with home.client() as client:
            assert client.ask("SUBSCRIBE").startswith("STATE ")
            entry = {
                "pid": agent.pid,
                "sessionId": "s",
                "status": "idle",
                "statusUpdatedAt": time.time_ns() // 1_000_000 + 1,
            }
            (config_dir / "sessions" / f"{agent.pid}.json").write_text(json.dumps(entry))
            assert client.line().startswith("UPDATE s attention")
        assert home.ask(f"SET t working {json.dumps({'working_dir': f'/{NAME}'})}") == ["OK"]
        assert "Traceback" not in after.log()
    finally:
        agent.kill()
        agent.wait()


# Bugs ---------------------------------------------------------------------------------


class BrokenSource:
    """An agent's evidence with a bug."""

    version = None

    def __init__(self, loop: object, report: object):
        pass

    def follow(self, target: WatchTarget) -> None:
        raise ValueError(target.session_id)

    take_up = follow

    def forget(self, session_id: str) -> None:
        raise ValueError(session_id)

    def close(self) -> None:
        pass


def test_a_bug_in_an_agents_evidence_stops_neither_a_start_nor_an_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = AGENTS["codex"]._replace(name="broken", observer=f"{__name__}:BrokenSource")
    monkeypatch.setattr(observers, "AGENTS", {"broken": broken})
    applied: list[Change] = []

    async def look() -> None:
        store = Store(DEFAULT.name)
        watched = observers.ObserverManager(
            asyncio.get_running_loop(),
            store,
            clock.now,
            lambda changes, *_: applied.extend(changes),
        )
        store.set("s", "working", None, Now(1, 1))
        store.get("s").agent_type = "broken"
        watched.recheck()
        watched.changed(store.close("s", Now(2, 2)))
        watched.close()

    asyncio.run(look())
    assert applied == []


def test_a_bug_in_a_request_is_an_err_and_the_connection_stays_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(session_id: str) -> NoReturn:
        raise ValueError(session_id)

    with memory_server() as server:
        monkeypatch.setattr(server.store, "get", fail)
        assert server.peer().ask("GET s", "PING") == [
            "ERR internal error: the log of the daemon holds the traceback",
            "OK",
        ]


def test_a_daemon_starts_despite_a_bug_in_applying_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "acd.sock.journal"
    path.write_text("acd-journal 1 boot\n@ 1 1\nSET a working\nRM a\nSET b working\n")
    store = Store(DEFAULT.name)

    def fail(session_id: str, now: Now) -> NoReturn:
        raise ValueError(session_id)

    monkeypatch.setattr(store, "close", fail)
    journal = Journal(path, "boot", store)
    journal.load()
    journal.close()
    assert list(store.sessions) == ["a", "b"]
    assert [each.name for each in tmp_path.glob("*.unreadable")] == [f"{path.name}.unreadable"]
