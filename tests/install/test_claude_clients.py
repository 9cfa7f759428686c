"""The clients of Claude Code that are found, and their versions."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Mapping
from pathlib import Path

import pytest

from acd.agents.claude_code import clients as claude_clients
from acd.agents.claude_code.clients import EXTENSIONS, PROGRAM, USUAL, Version, clients
from acd.install.daemon import seen_versions
from testing.support import DaemonHome

pytestmark = pytest.mark.usefixtures("own_home")


def program(path: Path, script: str) -> Path:
    """Writes a shell script to that path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def claude(directory: Path, script: str) -> Mapping[str, str]:
    """Returns an environment where `claude` on PATH is that shell script."""
    program(directory / "claude", script)
    return {"PATH": f"{directory}:/usr/bin:/bin", "HOME": os.environ["HOME"]}


def extension(root: Path, name: str, script: str | None = None) -> Path:
    """Makes an extension's directory, with that shell script as its program."""
    directory = root / name
    directory.mkdir(parents=True)
    if script is not None:
        program(directory / PROGRAM, script)
    return directory


def environ_of(home: Path) -> Mapping[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": str(home)}


def versions(environ: Mapping[str, str]) -> list[Version | None]:
    return [client.version for client in clients(environ)]


def test_the_client_is_asked_for_its_version(tmp_path: Path) -> None:
    assert versions(claude(tmp_path, "echo '2.1.329 (Claude Code)'")) == [(2, 1, 329)]


@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        "echo '2.1.329 (Claude Code)'; exit 1",
        "echo 'claude: no such version'",
        "echo 'v2.1'",
        "true",
        "printf '\\377\\376'",
        "kill -9 $$",
    ],
)
def test_a_client_that_prints_no_version_is_listed_without_one(tmp_path: Path, script: str) -> None:
    assert versions(claude(tmp_path, script)) == [None]


def test_without_a_client_the_list_is_empty(tmp_path: Path) -> None:
    assert versions({"PATH": str(tmp_path), "HOME": str(tmp_path)}) == []


def test_the_client_gets_nothing_of_the_environment_that_may_be_secret(tmp_path: Path) -> None:
    secret = {"ANTHROPIC_API_KEY": "sk-secret", "CLAUDE_CODE_MESSAGING_TOKEN": "t"}
    environ = {**claude(tmp_path, f"env >{tmp_path}/seen; echo 2.1.329"), **secret}
    assert versions(environ) == [(2, 1, 329)]
    seen = (tmp_path / "seen").read_text()
    assert "secret" not in seen
    assert "TOKEN" not in seen
    assert "HOME=" in seen


@pytest.mark.slow  # waits for the time limit
def test_a_client_that_hangs_is_given_up_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claude_clients, "VERSION_SECONDS", 2.0)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    # The child keeps the pipe open, like a shim's, and holds the gate until it ends.
    environ = claude(tmp_path, f"sleep 60 <>{gate} & exec sleep 60")
    with os.fdopen(os.open(gate, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        ended = select.poll()
        ended.register(reader, 0)
        assert versions(environ) == [None]
        # poll(2): POLLHUP once no process has it open for writing
        assert ended.poll(30_000) == [(reader.fileno(), select.POLLHUP)]


# --- Where they are looked for ------------------------------------------------


@pytest.mark.parametrize("where", USUAL)
def test_a_client_in_a_usual_place_is_found(own_home: Path, where: str) -> None:
    path = program(own_home / where, "echo 2.1.329")
    assert clients(environ_of(own_home)) == [(str(path), (2, 1, 329))]


@pytest.mark.parametrize("where", EXTENSIONS)
def test_a_client_that_an_editors_extension_brings_is_found(own_home: Path, where: str) -> None:
    found = extension(own_home / where, "anthropic.claude-code-2.1.329-linux-x64", "echo 2.1.329")
    assert clients(environ_of(own_home)) == [(str(found / PROGRAM), (2, 1, 329))]


def test_a_client_with_two_names_is_asked_once(own_home: Path, tmp_path: Path) -> None:
    environ = claude(tmp_path, f"echo >>{tmp_path}/asked; echo 2.1.329")
    link = own_home / USUAL[0]
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "claude")
    assert clients(environ) == [(str(tmp_path / "claude"), (2, 1, 329))]
    assert (tmp_path / "asked").read_text() == "\n"


def test_of_an_extensions_versions_only_the_newest_counts(own_home: Path) -> None:
    # The editor deletes older ones at its next start.
    for version in ("2.1.9", "2.1.332", "2.1.76"):
        extension(
            own_home / ".vscode/extensions", f"anthropic.claude-code-{version}", f"echo {version}"
        )
    assert versions(environ_of(own_home)) == [(2, 1, 332)]


def test_each_editor_and_the_path_may_have_one(own_home: Path, tmp_path: Path) -> None:
    extension(own_home / ".cursor/extensions", "anthropic.claude-code-2.1.332", "echo 2.1.332")
    extension(own_home / ".vscode/extensions", "anthropic.claude-code-2.1.330", "echo 2.1.330")
    found = versions(claude(tmp_path, "echo 2.1.329"))
    assert found == [(2, 1, 329), (2, 1, 330), (2, 1, 332)]


@pytest.mark.parametrize("script", [None, "exit 126", "echo nothing of use"])
def test_without_the_programs_version_the_extensions_name_gives_it(
    own_home: Path, script: str | None
) -> None:
    name = "anthropic.claude-code-2.1.209-darwin-arm64"
    found = extension(own_home / ".vscode-server/extensions", name, script)
    assert clients(environ_of(own_home)) == [(str(found), (2, 1, 209))]


def test_an_extension_without_a_version_in_its_name_has_its_packages_version(
    own_home: Path,
) -> None:
    found = extension(own_home / ".vscode/extensions", "anthropic.claude-code")
    (found / "package.json").write_text(json.dumps({"version": "2.1.280"}))
    assert versions(environ_of(own_home)) == [(2, 1, 280)]


@pytest.mark.parametrize("package", [None, b"{", b"[]", b"\xff", b'{"version": 2}', b"[" * 100_000])
def test_a_package_without_a_version_is_no_client(own_home: Path, package: bytes | None) -> None:
    found = extension(own_home / ".vscode/extensions", "anthropic.claude-code")
    if package is not None:
        (found / "package.json").write_bytes(package)
    assert clients(environ_of(own_home)) == []


@pytest.mark.parametrize(
    "name",
    [
        "anthropic.claude-code-insights-2.1.329",
        "other.claude-code-2.1.329",
        "anthropic.claude-2.1.0",
    ],
)
def test_another_extension_is_no_client(own_home: Path, name: str) -> None:
    extension(own_home / ".vscode/extensions", name, "echo 2.1.329")
    assert clients(environ_of(own_home)) == []


def test_an_extensions_directory_that_is_a_file_or_closed_is_no_client(own_home: Path) -> None:
    (own_home / ".vscode").mkdir()
    (own_home / ".vscode/extensions").write_text("")
    (own_home / ".cursor").symlink_to("nowhere")
    assert clients(environ_of(own_home)) == []


# --- Versions that the daemon has seen in use --------------------------------------------------


def start_with_client(made: DaemonHome, version: str) -> None:
    """Starts a daemon, which reads a registry file of that version."""
    made.start()
    sessions = made.home / ".claude/sessions"
    sessions.mkdir(parents=True)
    entry = {"pid": os.getpid(), "sessionId": "s", "status": "idle", "statusUpdatedAt": 1}
    (sessions / f"{os.getpid()}.json").write_text(json.dumps({**entry, "version": version}))
    meta = json.dumps({"pid": os.getpid(), "config_dir": str(sessions.parent)})
    event = json.dumps({"session_id": "s", "hook_event_name": "UserPromptSubmit"})
    assert made.ask(f"HOOK claude-code {meta.replace(' ', '')} {event}") == ["OK"]
    with made.client() as client:
        while not client.info()["clients"]:
            pass


def test_a_client_that_only_the_daemon_has_met_counts() -> None:
    with DaemonHome() as made:
        start_with_client(made, "2.1.332")
        seen = seen_versions(made.environ).get("claude-code")
        assert clients(made.environ, seen) == [("in use, as the daemon has seen", (2, 1, 332))]


def test_a_client_that_was_both_seen_and_found_is_listed_once(tmp_path: Path) -> None:
    with DaemonHome() as made:
        start_with_client(made, "2.1.332")
        environ = {**made.environ, "PATH": claude(tmp_path, "echo 2.1.332")["PATH"]}
        seen = seen_versions(environ).get("claude-code")
        assert clients(environ, seen) == [(str(tmp_path / "claude"), (2, 1, 332))]
