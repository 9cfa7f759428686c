"""Codex's observer: rollout files, writer locks, and the process of a hook.

A process with Codex's arguments stands for the agent, and holds its lock; the real one is in
tests/e2e.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acd.agents.codex.rollout import TAIL, last_ending
from testing.fake_agent import next_update
from testing.support import DaemonHome, DaemonProcess, LineClient

_HOLD = """
import fcntl, sys, os
held = [os.open(path, os.O_RDWR | os.O_CREAT) for path in sys.argv[2:]]
for each in held:
    fcntl.flock(each, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""

FAILED = {"type": "task_complete", "turn_id": "t", "error": {"message": "overloaded"}}
ENDED = {"type": "task_complete", "turn_id": "t", "last_agent_message": "done"}
ABORTED = {"type": "turn_aborted", "turn_id": "t", "reason": "interrupted"}
STARTED = {"type": "task_started", "turn_id": "t"}


def line_of(payload: dict[str, Any], kind: str = "event_msg") -> str:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"timestamp": at, "type": kind, "payload": payload}) + "\n"


class CodexFiles:
    """A configuration directory of Codex, with files of sessions."""

    def __init__(self, home: DaemonHome):
        self.home = home.root / ".codex"
        self.locks = self.home / "thread-writer-locks"
        self.locks.mkdir(parents=True)
        self._stack = ExitStack()

    def close(self) -> None:
        self._stack.close()

    def rollout(self, session: str) -> Path:
        return self.home / f"rollout-{session}.jsonl"

    def begin(self, *sessions: str) -> None:
        for session in sessions:
            self.write(session, STARTED)

    def write(self, session: str, *payloads: dict[str, Any]) -> None:
        with self.rollout(session).open("a") as file:
            file.writelines(map(line_of, payloads))

    @contextmanager
    def process(self, argument: str, *sessions: str) -> Iterator[subprocess.Popen[str]]:
        """A process that has these sessions loaded."""
        locks = [str(self.locks / f"{session}.lock") for session in sessions]
        process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, argument, *locks],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()
            process.communicate()

    def asks(self, client: LineClient, session: str, parent: int, helper: str) -> None:
        """Sends a permission request of a subagent, which has its own rollout."""
        self.begin(helper)
        path = str(self.rollout(helper))
        asked = {"tool_name": "Bash", "agent_id": helper, "transcript_path": path}
        self.hook(client, "PermissionRequest", session, parent, **asked)

    def hook(
        self, client: LineClient, event: str, session: str, parent: int, **fields: Any
    ) -> None:
        # As the hook itself does: later than everything before.
        at = time.time_ns()
        meta = {
            "at": at,
            "ppid": parent,
            "config_dir": str(self.home),
            "host": os.uname().nodename,
            "TMUX_PANE": "%1",
        }
        payload = {
            "session_id": session,
            "hook_event_name": event,
            "transcript_path": str(self.rollout(session)),
            "cwd": "/",
        }
        line = (
            f"HOOK codex {json.dumps(meta, separators=(',', ':'))} {json.dumps(payload | fields)}"
        )
        assert client.ask(line) == "OK"


@pytest.fixture
def codex(home: DaemonHome) -> Iterator[CodexFiles]:
    made = CodexFiles(home)
    yield made
    made.close()


@pytest.fixture
def session() -> str:
    return str(uuid.uuid4())


def working(
    codex: CodexFiles, client: LineClient, subscriber: LineClient, session: str, parent: int
) -> None:
    codex.begin(session)
    codex.hook(client, "UserPromptSubmit", session, parent)
    assert next_update(subscriber) == (session, "working")


def test_a_turn_that_failed_in_the_rollout_is_attention(
    codex: CodexFiles, client: LineClient, subscriber: LineClient, session: str
) -> None:
    with codex.process("", session) as process:
        working(codex, client, subscriber, session, process.pid)
        codex.hook(client, "PostModelRequest", session, process.pid, status="failed")
        codex.write(session, FAILED)
        assert next_update(subscriber) == (session, "attention")
        assert client.get(session)["evidence"] == "registry"


def test_an_interrupt_whose_hook_was_missed_is_attention_out_of_a_question_too(
    codex: CodexFiles, client: LineClient, subscriber: LineClient, session: str
) -> None:
    with codex.process("", session) as process:
        working(codex, client, subscriber, session, process.pid)
        codex.hook(client, "PermissionRequest", session, process.pid, tool_name="Bash")
        assert next_update(subscriber) == (session, "question")
        codex.write(session, ABORTED)
        assert next_update(subscriber) == (session, "attention")


def test_a_denied_subagent_has_no_open_question_by_its_own_rollout(
    codex: CodexFiles, client: LineClient, subscriber: LineClient, session: str
) -> None:
    helper = str(uuid.uuid4())
    with codex.process("", session) as process:
        working(codex, client, subscriber, session, process.pid)
        codex.asks(client, session, process.pid, helper)
        assert next_update(subscriber) == (session, "question")
        codex.write(helper, ABORTED)
        assert next_update(subscriber) == (session, "working")
        assert client.get(session)["evidence"] == "registry"


def test_a_subagent_that_was_denied_while_no_daemon_ran_is_observed_at_its_start(
    codex: CodexFiles, home: DaemonHome, daemon: DaemonProcess, session: str
) -> None:
    helper = str(uuid.uuid4())
    with codex.process("", session) as process:
        with home.client() as client:
            codex.begin(session)
            codex.hook(client, "UserPromptSubmit", session, process.pid)
            codex.asks(client, session, process.pid, helper)
            daemon.kill()
        codex.write(helper, ABORTED)
        home.start()
        with home.client() as client:
            client.send("SUBSCRIBE")
            client.line()
            while (shown := statuses(home)) == {session: "question"}:
                client.line()
        assert shown == {session: "working"}


def test_a_prompt_after_a_failed_turn_is_working(
    codex: CodexFiles, client: LineClient, subscriber: LineClient, session: str
) -> None:
    with codex.process("", session) as process:
        working(codex, client, subscriber, session, process.pid)
        codex.write(session, FAILED)
        assert next_update(subscriber) == (session, "attention")
        codex.hook(client, "UserPromptSubmit", session, process.pid)
        assert next_update(subscriber) == (session, "working")
        codex.write(session, STARTED)
        codex.write(session, FAILED)
        assert next_update(subscriber) == (session, "attention")


def test_only_a_regular_file_is_read(
    codex: CodexFiles, client: LineClient, subscriber: LineClient, session: str
) -> None:
    linked = str(uuid.uuid4())
    with codex.process("", linked) as one, codex.process("", session) as other:
        codex.begin("elsewhere")
        codex.rollout(linked).symlink_to(codex.rollout("elsewhere"))
        codex.hook(client, "UserPromptSubmit", linked, one.pid)
        assert next_update(subscriber) == (linked, "working")
        working(codex, client, subscriber, session, other.pid)
        codex.write("elsewhere", FAILED)
        codex.hook(client, "PostModelRequest", linked, one.pid, status="failed")
        codex.write(session, FAILED)
        # The linked file would have been read before this one.
        assert next_update(subscriber) == (session, "attention")
        assert client.get(linked)["status"] == "working"


def test_a_session_in_its_own_process_has_its_pid_and_terminal_and_ends_with_it(
    codex: CodexFiles, client: LineClient, subscriber: LineClient, session: str
) -> None:
    with codex.process("", session) as process:
        working(codex, client, subscriber, session, process.pid)
        shown = client.get(session)
        assert (shown["pid"], shown["terminal"]) == (process.pid, {"TMUX_PANE": "%1"})
        process.kill()
        assert next_update(subscriber) == (session, "closed")


def test_sessions_of_a_shared_server_have_neither_pid_nor_terminal_and_end_with_it(
    codex: CodexFiles, client: LineClient, subscriber: LineClient
) -> None:
    sessions = [str(uuid.uuid4()), str(uuid.uuid4())]
    with codex.process("app-server", *sessions) as server:
        for session in sessions:
            codex.hook(client, "SessionStart", session, server.pid, source="startup")
            assert next_update(subscriber) == (session, "attention")
        for session in sessions:
            working(codex, client, subscriber, session, server.pid)
            shown = client.get(session)
            assert (shown["pid"], shown["terminal"]) == (None, None)
        server.kill()
        assert {next_update(subscriber), next_update(subscriber)} == {
            (each, "closed") for each in sessions
        }
        assert client.get(sessions[0])["evidence"] == "process"


def test_codex_exec_is_not_attended(
    codex: CodexFiles, client: LineClient, subscriber: LineClient, session: str
) -> None:
    with codex.process("exec", session) as process:
        working(codex, client, subscriber, session, process.pid)
        assert client.get(session)["attended"] is False


def test_what_happened_while_no_daemon_ran_is_observed_at_its_start(
    codex: CodexFiles, home: DaemonHome, daemon: DaemonProcess
) -> None:
    goes_on, failed, gone = (str(uuid.uuid4()) for _ in range(3))
    with codex.process("app-server", goes_on, failed) as server:
        with codex.process("app-server", gone) as other, home.client() as client:
            for session, process in ((goes_on, server), (failed, server), (gone, other)):
                codex.begin(session)
                codex.hook(client, "UserPromptSubmit", session, process.pid)
            daemon.kill()
        codex.write(failed, FAILED)
        home.start()
        with home.client() as client:
            client.send("SUBSCRIBE")
            client.line()
            while client.sock and (shown := statuses(home))[failed] == "working":
                client.line()
        assert shown == {goes_on: "working", failed: "attention", gone: "closed"}


def statuses(home: DaemonHome) -> dict[str, str]:
    with home.client() as client:
        return {name: each["status"] for name, each in client.sessions().items()}


def test_a_closed_session_is_not_watched(
    codex: CodexFiles,
    client: LineClient,
    subscriber: LineClient,
    session: str,
    daemon: DaemonProcess,
) -> None:
    with codex.process("app-server", session) as server:
        working(codex, client, subscriber, session, server.pid)
        assert watched(daemon, codex.rollout(session))
        codex.hook(client, "SessionEnd", session, server.pid)
        assert next_update(subscriber) == (session, "closed")
        assert client.ask("PING") == "OK"  # it handles the change before the next request
        assert not watched(daemon, codex.rollout(session))


def watched(daemon: DaemonProcess, path: Path) -> bool:
    """Whether the daemon has an inotify watch on the file (proc_pid_fdinfo(5))."""
    inode = f"ino:{path.stat().st_ino:x} "
    infos = Path(f"/proc/{daemon.pid}/fdinfo").iterdir()
    return any(inode in info.read_text() for info in infos)


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ([line_of(STARTED), line_of(FAILED)], "failed"),
        ([line_of(STARTED), line_of(ABORTED)], "aborted"),
        ([line_of(FAILED), line_of({"type": "token_count"})], "failed"),
        ([line_of(ABORTED), line_of({"type": "message"}, "response_item")], "aborted"),
        ([line_of(STARTED), line_of(ENDED)], None),
        ([line_of(FAILED), line_of(STARTED)], None),
        ([line_of(STARTED), line_of(FAILED)[:-1]], None),  # unfinished
        ([line_of(FAILED, "response_item")], None),
        ([], None),
        (["\n", "[]\n", "7\n", "{\n", '{"type":"event_msg"}\n', "\xff\n"], None),
        (['{"type":"event_msg","payload":{"type":"turn_aborted"}}\n'], None),
        (['{"timestamp":"x","type":"event_msg","payload":{"type":"turn_aborted"}}\n'], None),
        (["[" * TAIL + "\n"], None),
    ],
)
def test_how_the_newest_turn_ended_is_read_from_the_last_lines(
    lines: list[str], word: str | None
) -> None:
    ending = last_ending("".join(lines).encode("latin-1"))
    assert (ending and ending.word) == word


def test_the_time_of_an_ending_is_the_rollouts_own() -> None:
    line = line_of(FAILED)
    line = line.replace(json.loads(line)["timestamp"], "2026-11-20T14:35:04.698Z")
    ending = last_ending(line.encode())
    assert ending is not None
    # The rollout's time is cut to milliseconds; a hook of the same one is not later.
    assert ending.at == 1_795_185_304_698_999_999
