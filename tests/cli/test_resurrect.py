"""`acd resurrect`: the process executes the agent, or the session stays closed."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from testing.cli_runs import run
from testing.command_line import Acd
from testing.support import DaemonHome, LineClient

AGENT = """#!/bin/sh
printf '%s\\n' "$PWD" "$$" "$@"
"""
HOSTILE = "$(touch hacked);&"


@pytest.fixture
def project(served: DaemonHome) -> Path:
    made = served.root / "a project"
    made.mkdir(exist_ok=True)
    return made


@pytest.fixture
def agent(served: DaemonHome, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `claude` on PATH that prints its directory, pid and arguments."""
    program = served.root / "bin" / "claude"
    program.parent.mkdir(exist_ok=True)
    program.write_text(AGENT)
    program.chmod(0o755)
    monkeypatch.setitem(served.environ, "PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def closed(client: LineClient, project: Path, session_id: str = "s-1") -> None:
    metadata = {"working_dir": str(project), "session_id": session_id}
    assert client.ask_all(f"SET one working {json.dumps(metadata)}", "RM one") == ["OK", "OK"]


@pytest.mark.usefixtures("agent")
def test_resurrect_runs_the_agent_in_the_sessions_directory(
    served: DaemonHome, client: LineClient, project: Path
) -> None:
    closed(client, project)
    done = run(served, "resurrect", "one")
    directory, _, *argv = done.lines
    assert (done.code, directory, argv) == (0, str(project), ["--resume", "s-1"])
    assert client.get("one")["status"] == "working"


@pytest.mark.usefixtures("agent")
def test_the_agent_is_run_without_a_shell(
    served: DaemonHome, client: LineClient, project: Path
) -> None:
    closed(client, project, HOSTILE)
    assert run(served, "resurrect", "one").lines[-1] == HOSTILE
    assert list(project.iterdir()) == []


def test_without_the_agents_program_the_session_is_closed_again(
    served: DaemonHome, client: LineClient, project: Path
) -> None:
    closed(client, project)
    done = run(served, "resurrect", "one")
    assert (done.code, done.out) == (1, "")
    assert "cannot run claude: it is not on PATH; the session is closed again" in done.err
    assert client.get("one")["status"] == "closed"


def test_print_shows_a_command_for_a_shell_and_leaves_the_session_closed(
    acd: Acd, client: LineClient, project: Path, agent: Path
) -> None:
    closed(client, project, HOSTILE)
    before = client.get("one")
    shown = acd("resurrect", "--print", "one").out
    assert client.get("one") | {"elapsed": 0} == before | {"elapsed": 0}
    ran = subprocess.run(
        ["sh", "-c", shown.replace("claude", shlex.quote(str(agent)), 1)],
        capture_output=True,
        text=True,
        check=True,
    )
    directory, _, *argv = ran.stdout.splitlines()
    assert (directory, argv) == (str(project), ["--resume", HOSTILE])


@pytest.mark.parametrize("option", [(), ("--print",)])
def test_a_session_that_is_open_is_not_resurrected(
    acd: Acd, client: LineClient, option: tuple[str, ...]
) -> None:
    client.ask("SET one working")
    done = acd("resurrect", "one", *option)
    assert (done.code, done.err) == (1, "acd: session not closed: one is working\n")


@pytest.mark.parametrize("option", [(), ("--print",)])
def test_a_session_without_an_agents_id_is_not_resumable(
    acd: Acd, client: LineClient, option: tuple[str, ...]
) -> None:
    client.ask("SET one closed")
    done = acd("resurrect", "one", *option)
    assert done.code == 1
    assert "not resumable: acd has no command that resumes one" in done.err
    assert "--session-id" in done.err


@pytest.mark.parametrize("option", [(), ("--print",)])
def test_a_session_whose_directory_is_gone_is_not_resurrected(
    acd: Acd, client: LineClient, project: Path, option: tuple[str, ...]
) -> None:
    closed(client, project / "gone")
    done = acd("resurrect", "one", *option)
    assert (done.code, done.err) == (1, f"acd: working directory missing: {project}/gone\n")
    assert client.get("one")["status"] == "closed"


@pytest.mark.parametrize("option", [(), ("--print",)])
def test_a_session_whose_process_runs_another_session_is_not_resurrected(
    acd: Acd, client: LineClient, option: tuple[str, ...]
) -> None:
    for session in ("old", "new"):
        event = {"session_id": session, "hook_event_name": "SessionStart", "source": "clear"}
        meta = {"pid": 1, "host": "elsewhere"}
        assert client.ask(f"HOOK claude-code {_packed(meta)} {json.dumps(event)}") == "OK"
    done = acd("resurrect", "old", *option)
    assert done.code == 1
    assert "not resumable: its process continued as session new" in done.err


def _packed(meta: dict[str, object]) -> str:
    return json.dumps(meta, separators=(",", ":"))
