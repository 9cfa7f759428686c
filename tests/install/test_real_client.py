"""The real Claude Code with the settings that acd writes: its messages, and the hooks it runs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acd.agents.claude_code import hooks
from acd.agents.claude_code.clients import EXTENSIONS, PROGRAM, Version, clients
from acd.agents.claude_code.events import AGENT
from acd.install.hook_command import guarded_command, real_python
from acd.install.settings import Settings, put_hooks
from testing.e2e import client
from testing.e2e.agent import PROMPT_BOX
from testing.e2e.home import ClaudeHome
from testing.e2e.messages_api import MessagesAPI
from testing.e2e.terminal import TmuxTerminal
from testing.settings_samples import ACCEPTED
from testing.user_home import User

pytestmark = pytest.mark.e2e

# In place of the hook: a script that records that the client runs it.
NOTE = """import json, os, sys
event = json.load(sys.stdin)
with open(__file__ + ".seen", "a") as seen:
    print(event["hook_event_name"], os.getppid(), file=seen)
"""
ANSWER = "Hello from the model."
COMPLAINTS = ("hook failed", "hook error")
"""2.1.329's words and 2.1.197's."""
WARNING = "Settings Warning"


@pytest.fixture(scope="module", params=client.VERSIONS)
def executable(request: pytest.FixtureRequest) -> Path:
    try:
        return client.installed(request.param)
    except client.ClientUnavailable as reason:
        if os.environ.get("ACD_CI") == "1" and client.registry_answers():
            pytest.fail(f"Claude Code {request.param} could be had, and was not: {reason}")
        pytest.skip(f"no Claude Code {request.param}: {reason}")


@pytest.fixture
def home() -> Iterator[ClaudeHome]:
    with MessagesAPI() as model, ClaudeHome(model.url, {}) as home:
        (home.root / "acd_hook.py").write_text(NOTE)
        yield home


def settings_of(home: ClaudeHome) -> Path:
    return home.config_dir / "settings.json"


def put(home: ClaudeHome, executable: Path, content: bytes) -> None:
    """Adds our hooks to settings with this content, as `acd install` does for this client."""
    programs = home.root / "bin"
    programs.mkdir(exist_ok=True)
    (programs / "claude").unlink(missing_ok=True)
    (programs / "claude").symlink_to(executable)
    environ = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(home.root)}
    version = hooks.decisive(clients(environ))
    assert version is not None
    put_for(version, home, content)


def put_for(version: Version | None, home: ClaudeHome, content: bytes) -> None:
    """Adds our hooks for a client of that version to settings with this content."""
    settings_of(home).write_bytes(content)
    command = guarded_command(real_python(), home.root / "acd_hook.py", "claude-code")
    settings = Settings(settings_of(home), AGENT.name, "Claude Code")
    put_hooks(settings, hooks.entries(version, command)).execute()


def seen(home: ClaudeHome) -> list[str]:
    """The events for which the client ran the hook."""
    path = home.root / "acd_hook.py.seen"
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def screen_after_two_turns(home: ClaudeHome, executable: Path) -> str:
    """The screen after two prompts and their answers, or at a warning before them.

    When the second turn begins, the client has shown all output of the first one's hooks.
    """
    argv = [str(executable), "--permission-mode", "default"]
    with TmuxTerminal(home.root / "terminal", argv, home.environ, home.project) as terminal:
        terminal.wait_until(lambda screen: PROMPT_BOX in screen or WARNING in screen, "the client")
        for turn in (1, 2):
            if WARNING in terminal.screen():
                break
            terminal.type(f"Hallo{turn}")
            terminal.wait_for(f"Hallo{turn}")
            terminal.press("Enter")
            terminal.wait_until(lambda screen: screen.count(ANSWER) == turn, f"answer {turn}")  # noqa: B023
        return terminal.screen()


def complains(screen: str) -> bool:
    """Whether the client shows that a hook went wrong."""
    return any(words in screen for words in COMPLAINTS)


def test_the_client_reports_its_version(executable: Path, tmp_path: Path) -> None:
    (tmp_path / "claude").symlink_to(executable)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}
    [(found, version)] = clients(environ)
    assert found == str(tmp_path / "claude")
    assert version is not None
    assert ".".join(map(str, version)) in client.VERSIONS


@pytest.mark.parametrize("where", EXTENSIONS)
def test_a_client_in_an_editors_extension_reports_its_version(
    executable: Path, tmp_path: Path, where: str
) -> None:
    # A wrong name, as of an extension that was unpacked by hand: the program counts.
    program = tmp_path / where / "anthropic.claude-code-2.1.1" / PROGRAM
    program.parent.mkdir(parents=True)
    program.symlink_to(executable)
    [(found, version)] = clients({"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    assert found == str(program)
    assert version is not None
    assert ".".join(map(str, version)) in client.VERSIONS


def test_doctor_reports_the_events_of_a_client_that_only_an_extension_brings(
    executable: Path, user: User
) -> None:
    user.install()
    program = user.home / EXTENSIONS[0] / "anthropic.claude-code-2.1.197-linux-x64" / PROGRAM
    program.parent.mkdir(parents=True)
    program.symlink_to(executable)
    output = user.acd("doctor", check=False)
    assert output.returncode == 1
    assert f"({program})" in output.stdout
    assert "no hook on PostToolBatch\n" in output.stdout
    user.install()
    assert "no hook on" not in user.acd("doctor", check=False).stdout


@pytest.mark.parametrize(
    "name", ["plain", "byte order mark and CRLF", "nothing", "empty object over two lines", "tabs"]
)
def test_the_client_runs_the_hooks_that_were_added(
    executable: Path, home: ClaudeHome, name: str
) -> None:
    put(home, executable, ACCEPTED[name])
    subprocess.run(
        [executable, "-p", "Hello"],
        env=home.environ,
        cwd=home.project,
        stdin=subprocess.DEVNULL,
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert set(seen(home)) >= {"SessionStart", "UserPromptSubmit", "Stop", "SessionEnd"}


def test_the_client_itself_is_the_hooks_parent(executable: Path, home: ClaudeHome) -> None:
    put(home, executable, b"")
    run = subprocess.Popen(
        [executable, "-p", "Hello"],
        env=home.environ,
        cwd=home.project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    assert run.wait(60) == 0
    notes = (home.root / "acd_hook.py.seen").read_text().splitlines()
    assert {note.split()[1] for note in notes} == {str(run.pid)}


def test_the_client_shows_no_complaint_about_our_hooks(executable: Path, home: ClaudeHome) -> None:
    put(home, executable, ACCEPTED["plain"])
    screen = screen_after_two_turns(home, executable)
    assert WARNING not in screen
    assert not complains(screen), screen
    assert "Stop" in seen(home)


@pytest.mark.parametrize(
    "version", [None, (2, 1, 332)], ids=["no client known", "for a newer client"]
)
def test_the_client_supports_every_event_that_is_hooked_for_another_one(
    executable: Path, home: ClaudeHome, version: Version | None
) -> None:
    put_for(version, home, ACCEPTED["plain"])
    assert WARNING not in screen_after_two_turns(home, executable)
    assert "Stop" in seen(home)


def test_the_client_shows_nothing_of_hooks_that_were_left_behind(
    executable: Path, home: ClaudeHome
) -> None:
    put(home, executable, ACCEPTED["plain"])
    (home.root / "acd_hook.py").unlink()
    screen = screen_after_two_turns(home, executable)
    assert not complains(screen), screen
    assert "error" not in screen.lower()


def test_a_hook_without_its_guard_would_be_seen(executable: Path, home: ClaudeHome) -> None:
    put(home, executable, b"")
    value: Any = json.loads(settings_of(home).read_bytes())
    for [group] in value["hooks"].values():
        group["hooks"][0]["command"] = "exec /gone/python3 /gone/acd_hook.py claude-code"
    settings_of(home).write_text(json.dumps(value))
    assert complains(screen_after_two_turns(home, executable))


def test_an_event_that_the_client_does_not_support_would_be_seen(
    executable: Path, home: ClaudeHome
) -> None:
    put(home, executable, b"")
    value: Any = json.loads(settings_of(home).read_bytes())
    value["hooks"]["EventOfTomorrow"] = value["hooks"]["Stop"]
    settings_of(home).write_text(json.dumps(value))
    assert WARNING in screen_after_two_turns(home, executable)
