"""`acd install` as users run it, without a service manager."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from acd import __version__
from acd.agents.claude_code.hooks import SUPPORTED_SINCE
from acd.install.hook_command import real_python
from acd.install.inspection import InstallReport, inspect_installation
from testing.checkout import CHECKOUT
from testing.home import state
from testing.settings_samples import ACCEPTED, PLAIN, REFUSED
from testing.support import LineClient
from testing.user_home import User


def hooks(user: User) -> dict[str, list[dict[str, Any]]]:
    value: dict[str, list[dict[str, Any]]] = json.loads(user.settings.read_bytes())["hooks"]
    return value


def inspect(user: User) -> InstallReport:
    return inspect_installation(user.environ)


def test_a_first_install_puts_hook_and_settings_in_place_and_tries_them(user: User) -> None:
    user.write(PLAIN)
    output = user.install()
    assert user.hook.read_bytes() == (CHECKOUT / "hooks/acd_hook.py").read_bytes()
    rare = (CHECKOUT / "hooks/acd_hook_rare.py").read_bytes()
    assert user.hook.with_name("acd_hook_rare.py").read_bytes() == rare
    assert user.backup.read_bytes() == PLAIN
    commands = {group["hooks"][0]["command"] for [group] in hooks(user).values()}
    assert len(commands) == 1
    assert f"exec {real_python()} -I -S {user.hook} claude-code" in commands.pop()
    assert f"16 in {user.settings}" in output
    assert f"acd {__version__} answers at {user.socket}" in output
    assert "No service manager answers here: the first hook starts the daemon." in output
    assert len(output.splitlines()) <= 5


def test_the_trial_leaves_no_session_behind(user: User) -> None:
    user.install()
    with LineClient(user.socket) as client:
        client.send("LIST")
        assert client.line() == "STATE []"


def test_the_installed_hook_delivers_what_the_client_sends(user: User) -> None:
    user.claude("2.1.329")
    user.install()
    event = (CHECKOUT / "tests/fixtures/claude-code-2.1.329/UserPromptSubmit.json").read_bytes()
    [group] = hooks(user)["UserPromptSubmit"]
    done = subprocess.run(
        ["sh", "-c", group["hooks"][0]["command"]],
        env=user.environ,
        input=event,
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (b"", b"")
    with LineClient(user.socket) as client:
        client.send("SUBSCRIBE")
        while (line := client.line()) == "STATE []":
            pass
        assert json.loads(event)["session_id"] in line


def test_the_clients_version_decides_about_the_events(user: User) -> None:
    user.claude("2.0.45")
    user.install()
    assert set(hooks(user)) == {
        event for event, since in SUPPORTED_SINCE.items() if since <= (2, 0, 45)
    }
    user.claude("2.1.329")
    user.install()
    assert set(hooks(user)) == set(SUPPORTED_SINCE)


TOO_OLD = (
    "The installed Claude Code has no event that acd can use, so it gets no hooks:"
    " update it to 1.0.85 or newer (claude update)"
)


def test_a_client_too_old_for_any_hook_is_named_and_other_agents_get_theirs(user: User) -> None:
    user.claude("1.0.20")
    user.write(PLAIN)
    (user.home / ".codex").mkdir()
    assert f"{TOO_OLD}, then run acd install again" in user.install("--dry-run").splitlines()
    output = user.install()
    assert f"{TOO_OLD}, then run acd install again" in output.splitlines()
    assert f"Hooks for Codex: 12 in {user.home}/.codex/hooks.json" in output
    assert f"answers at {user.socket}" in output
    assert user.settings.read_bytes() == PLAIN
    assert inspect(user).hooks["claude-code"].reasons == (TOO_OLD,)


def test_with_a_client_too_old_for_any_hook_everything_else_is_installed(user: User) -> None:
    user.claude("1.0.20")
    output = user.install()
    assert TOO_OLD in output
    assert f"answers at {user.socket}" in output
    assert not user.settings.exists()


def test_with_hooks_only_a_client_too_old_for_any_hook_is_an_error(
    user: User,
) -> None:
    user.claude("1.0.20")
    done = user.acd("install", "--hooks-only", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert TOO_OLD in done.stderr
    assert not user.settings.exists()
    assert not user.data.exists()


@pytest.mark.parametrize("home", ["", "home"])
@pytest.mark.parametrize(
    "command",
    [("install",), ("install", "--dry-run"), ("uninstall", "--yes"), ("uninstall", "--dry-run")],
)
def test_without_an_absolute_home_nothing_is_installed_or_removed(
    user: User, command: tuple[str, ...], home: str
) -> None:
    # Never the home of the account that runs the tests.
    places = {name: str(user.home / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    done = user.acd(*command, check=False, HOME=home, CLAUDE_CONFIG_DIR=str(user.home), **places)
    assert (done.returncode, done.stdout) == (1, "")
    assert "HOME is not set to an absolute path, and acd is installed below it" in done.stderr
    assert user.files() == {}


def test_a_second_install_changes_no_file(user: User) -> None:
    user.write(PLAIN)
    user.install()
    before, written = user.files(), state(user.settings)
    output = user.install()
    assert user.files() == before
    assert state(user.settings) == written
    assert "Hooks for" not in output
    assert "answers" in output


def test_an_upgrade_replaces_what_is_outdated_and_keeps_the_sessions(user: User) -> None:
    user.write(PLAIN)
    user.install()
    old = user.settings.read_text().replace(str(real_python()), "/usr/bin/python3.0")
    user.settings.write_text(old)
    user.hook.write_text("old")
    with LineClient(user.socket) as client:
        client.send("SET one working")
        assert client.line() == "OK"
    output = user.install()
    assert "The running daemon has ended." in output
    assert inspect(user).hooks["claude-code"].state == "current"
    assert user.backup.read_bytes() == PLAIN
    with LineClient(user.socket) as client:
        client.send("GET one")
        assert client.line().startswith("OK ")


def test_hooks_only_leaves_the_service_alone(user: User) -> None:
    output = user.install("--hooks-only")
    assert inspect(user).hooks["claude-code"].state == "current"
    assert "service" not in output.lower()
    assert not (user.home / ".config").exists()


def test_no_hooks_leaves_the_settings_alone(user: User) -> None:
    user.write(PLAIN)
    before = user.files()
    output = user.install("--no-hooks")
    after = user.files()
    assert {path: after[path] for path in before} == before
    # Only the manual is new, and the directories above it.
    new = after.keys() - before.keys() - {".local", ".local/share"}
    assert all(path.startswith(".local/share/man") for path in new)
    assert "answers" in output


def test_hooks_only_and_no_hooks_together_are_a_usage_error(user: User) -> None:
    done = user.acd("install", "--hooks-only", "--no-hooks", check=False)
    assert done.returncode == 2
    assert "nothing to do" in done.stderr


@pytest.mark.parametrize("options", [(), ("--hooks-only",), ("--no-hooks",), ("--no-service",)])
def test_a_dry_run_changes_nothing(user: User, options: tuple[str, ...]) -> None:
    user.write(PLAIN)
    output = user.install("--dry-run", *options)
    assert set(user.files()) == {".claude", ".claude/settings.json"}
    assert user.settings.read_bytes() == PLAIN
    assert not user.socket.exists()
    assert all(line.startswith(("would ", "No service")) for line in output.splitlines())


def test_a_dry_run_shows_each_step(user: User) -> None:
    output = user.install("--dry-run")
    for file in (user.hook, user.hook.with_name("acd_hook_rare.py"), user.settings):
        assert str(file) in output
    user.install()
    assert str(user.settings) not in user.install("--dry-run")


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_settings_that_cannot_be_edited_stop_everything_before_it_begins(
    user: User, content: bytes, message: str
) -> None:
    user.write(content)
    before = user.files()
    done = user.acd("install", check=False)
    assert done.returncode == 1
    assert f"{user.settings}, {message}" in done.stderr
    assert "nothing was changed" in done.stderr
    # The directory of the lock, above the program, may be left.
    assert {path: user.files()[path] for path in before} == before
    assert not user.data.exists()


def test_read_only_settings_stop_everything_before_it_begins(user: User) -> None:
    user.write(PLAIN)
    user.settings.chmod(0o444)
    done = user.acd("install", check=False)
    assert done.returncode == 1
    assert f"{user.settings} is read-only" in done.stderr
    assert not user.data.exists()


def test_settings_of_another_directory_are_used_when_the_client_uses_it(user: User) -> None:
    elsewhere = user.home / "work/claude"
    user.install(CLAUDE_CONFIG_DIR=str(elsewhere))
    assert (elsewhere / "settings.json").exists()
    assert not user.settings.exists()


def test_a_note_reports_that_the_service_does_not_use_acd_socket(user: User) -> None:
    output = user.install(ACD_SOCKET=str(user.home / "mine/acd.sock"))
    assert f"ACD_SOCKET ({user.home}/mine/acd.sock) is not used for the service" in output
    assert f"answers at {user.socket}" in output


def test_without_a_service_a_socket_of_ones_own_is_used(user: User) -> None:
    output = user.install("--no-service", ACD_SOCKET=str(user.home / "mine/acd.sock"))
    assert f"answers at {user.home}/mine/acd.sock" in output


@pytest.mark.skipif(os.geteuid() != 0, reason="sudo makes one root")
@pytest.mark.parametrize("command", [("install",), ("uninstall", "--yes")])
def test_sudo_is_refused(user: User, command: tuple[str, ...]) -> None:
    done = user.acd(*command, check=False, SUDO_UID="1000")
    assert done.returncode == 1
    assert "without sudo" in done.stderr
    assert user.files() == {}


def test_a_path_with_control_characters_is_shown_escaped(user: User) -> None:
    output = user.install("--dry-run", XDG_DATA_HOME=str(user.home / "a\x1b[31m\nb"))
    assert "\x1b" not in output
    assert "a\\x1b[31m\\nb" in output


@pytest.mark.slow  # four installs at once
def test_concurrent_installs_run_one_after_the_other(user: User) -> None:
    user.write(ACCEPTED["foreign hooks on the same events"])
    commands = [user.command("install")] * 3 + [user.command("install", "--hooks-only")]
    running = [
        subprocess.Popen(
            command, env=user.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for command in commands
    ]
    ends = [(process.communicate(timeout=60), process.returncode) for process in running]
    assert [code for _, code in ends] == [0] * len(commands), ends
    assert inspect(user).hooks["claude-code"].state == "current"
    user.uninstall()
    assert user.settings.read_bytes() == ACCEPTED["foreign hooks on the same events"]


@pytest.mark.parametrize("gone", ["program", "hook", "runtime directory"])
def test_hooks_that_were_left_behind_are_silent_and_harmless(user: User, gone: str) -> None:
    user.claude("2.1.329")
    user.install()
    user.acd("stop")
    commands = [group["hooks"][0]["command"] for [group] in hooks(user).values()]
    match gone:
        case "program":
            shutil.rmtree(user.data)
        case "hook":
            user.hook.unlink()
        case "runtime directory":
            shutil.rmtree(user.runtime)
            user.runtime.touch()
    before = user.files() if user.runtime.is_dir() else None
    for command in commands:
        done = subprocess.run(
            ["sh", "-c", command], env=user.environ, input=b"{}\n", capture_output=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert before is None or user.files() == before


def configure(user: User, text: str) -> None:
    path = user.home / ".config/acd/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def test_without_a_manager_a_note_shows_what_starts_notifications(user: User) -> None:
    configure(user, '[notify]\ncommand = ["true"]\n')
    assert "have your session start: acd notify" in user.install()


def test_a_configuration_with_a_mistake_is_a_note_and_does_not_stop_an_upgrade(user: User) -> None:
    configure(user, "[notify]\ndesktop = 1\n")
    output = user.install()
    assert "config.toml:2: notify.desktop: must be true or false" in output
    assert "notifications stay as they are" in output
