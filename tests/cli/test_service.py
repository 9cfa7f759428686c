"""`acd status`, `acd stop` and `acd daemon`, with and without a running daemon."""

from __future__ import annotations

import re
import resource
import socket
import sys
from pathlib import Path

import pytest

from acd import __version__
from acd.cli import status
from acd.install.status_line import AgentStatusLine, able_agents
from acd.notify.state import locked_state
from acd.system import activation
from testing.cli_runs import run
from testing.command_line import Acd
from testing.support import DaemonHome, LineClient


def held(home: DaemonHome) -> socket.socket:
    """A listening socket without a daemon, as a service manager holds it."""
    return activation.bind(home.socket).sock


# status


def test_status_shows_the_facts_of_a_running_daemon(
    acd: Acd, served: DaemonHome, client: LineClient
) -> None:
    client.ask_all("SET a question", "SET b working", "SET c working")
    done = acd("status")
    facts = dict(line.strip().split(maxsplit=1) for line in done.lines[1:])
    assert done.code == 0
    assert done.lines[0].startswith(f"acd {__version__}: running for ")
    assert facts["process"].startswith(f"{client.info()['pid']}, ")
    assert facts["process"].endswith(" MB, started by hand")
    assert facts["socket"] == str(served.socket)
    assert facts["sessions"] == "3: 1 question, 2 working"
    assert facts["clients"] == "1, 0 of them subscribed"
    assert facts["hooks"].startswith("not installed (")


def test_status_starts_no_daemon_and_exits_with_3(acd: Acd, alone: DaemonHome) -> None:
    done = acd("status")
    assert done.code == 3
    assert done.lines[0] == f"acd {__version__}: not running; the next event or command starts it"
    assert f"  {alone.socket}" in done.out
    assert not alone.socket.exists()


@pytest.mark.parametrize(("command", "code"), [("status", 3), ("stop", 0)])
def test_a_socket_that_a_service_manager_holds_is_not_touched(
    acd: Acd, alone: DaemonHome, command: str, code: int
) -> None:
    with held(alone) as listener:
        assert acd(command).code == code
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_status_names_a_daemon_of_another_version(
    acd: Acd, served: DaemonHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "__version__", "9.9")
    assert f"the daemon is {__version__}, this program 9.9: acd stop ends it" in acd("status").out


def test_status_reports_a_state_that_is_in_memory_only(acd: Acd, alone: DaemonHome) -> None:
    daemon = alone.start()
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (0, 0))
    alone.ask("SET one working")
    with alone.client() as client:
        failure = client.info()["journal_failure"]
    assert failure
    assert f"in memory only: {failure}" in acd("status").out


@pytest.mark.parametrize("runs", [True, False])
def test_status_counts_the_events_that_hooks_gave_up(
    acd: Acd, alone: DaemonHome, runs: bool
) -> None:
    if runs:
        alone.start()
    else:
        alone.directory.mkdir(mode=0o700)
    Path(f"{alone.socket}.given-up").write_bytes(b"...")
    assert "3 events that hooks could not deliver" in acd("status").out


def settings(alone: DaemonHome, text: str) -> Path:
    """Writes Claude Code's settings."""
    path = alone.home / ".claude/settings.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def status_line(acd: Acd) -> str:
    [line] = [line for line in acd("status").lines if line.startswith("  status line  ")]
    return line.removeprefix("  status line  ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", "none in {}; acd install --statusline sets acd's"),
        (
            '{"statusLine": {"type": "command", "command": "my-line"}}',
            "another's, in {}; acd statusline --help shows how to have both",
        ),
        (
            '{"statusLine": {"type": "command", "command": "/old/python /x/acd_statusline.py"}}',
            "acd's, in {}, not as it should be; acd install repairs it",
        ),
        ("{", "unknown: {}"),
    ],
)
def test_status_names_the_owner_of_claude_codes_status_line(
    acd: Acd, alone: DaemonHome, text: str, expected: str
) -> None:
    path = settings(alone, text)
    assert status_line(acd).startswith(expected.format(path))


def test_status_recognizes_the_status_line_that_install_sets(acd: Acd, alone: DaemonHome) -> None:
    path = settings(alone, "{}")
    [(agent, line)] = able_agents().items()
    AgentStatusLine(alone.environ, agent, line).step().execute()
    assert status_line(acd) == f"acd's, in {path}"


def test_status_names_what_desktop_notifications_lack(
    acd: Acd, alone: DaemonHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert re.search(r"notify +off\n", acd("status").out)
    alone.configure("[notify]\ndesktop = true\n")
    monkeypatch.setitem(sys.modules, "jeepney", None)
    with locked_state(alone.socket):  # a notifier runs
        output = acd("status").out
    assert "  notifications on the desktop need jeepney, which is not installed" in output
    assert f"; run: {sys.executable} -m pip install" in output


# stop


def test_stop_ends_the_daemon_and_loses_nothing(acd: Acd, alone: DaemonHome) -> None:
    daemon = alone.start()
    alone.ask("SET one question")
    done = acd("stop")
    assert (done.code, done.out) == (0, "stopped\n")
    assert daemon.process.poll() == 0  # the command has waited for it
    assert acd("list").lines[0].split()[1:3] == ["question", "one"]


def test_stop_without_a_daemon_is_no_error(acd: Acd, alone: DaemonHome) -> None:
    done = acd("stop")
    assert (done.code, done.out) == (0, "not running\n")
    assert not alone.socket.exists()


# daemon


def test_a_second_daemon_exits_with_4(served: DaemonHome) -> None:
    done = run(served, "daemon")
    assert done.code == 4
    assert f"another acd daemon already serves {served.socket}" in done.err


def test_the_daemon_takes_no_arguments(served: DaemonHome) -> None:
    assert run(served, "daemon", "--fast").code == 2
