"""`acd doctor` on a real installation, and on one that is broken in each way in turn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from acd import __version__
from acd.agents.claude_code.overruling import overruling
from acd.install.hook_command import real_python
from acd.notify.state import is_notifier_running
from acd.protocol import Info
from acd.system import runtime_dir
from testing.cli_runs import until
from testing.doctor import doctor, status
from testing.user_home import NEW_CLIENT, User


def test_all_is_well_after_an_install(whole: User) -> None:
    output = doctor(whole, 0)
    assert output.endswith("\nno problems\n")
    assert "✗" not in output
    assert f"✓ claude   {NEW_CLIENT}" in output


def test_it_starts_nothing_and_changes_nothing(whole: User) -> None:
    before = whole.files()
    doctor(whole, 0)
    assert not runtime_dir.is_running(whole.socket)
    assert whole.files() == before


def test_a_running_daemon_is_queried(whole: User) -> None:
    whole.acd("set", "one", "working")
    assert f"✓ daemon   acd {__version__}, process " in doctor(whole, 0)


def test_before_an_install_it_shows_the_install_command(user: User) -> None:
    output = doctor(user, 1)
    assert "✗ hooks " in output
    assert "→ acd install" in output


def _uninstall_python(user: User) -> None:
    text = user.settings.read_text()
    user.settings.write_text(text.replace(str(real_python()), "/opt/gone/python3"))


def _break_python(user: User) -> None:
    broken = user.home / "python3"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    text = user.settings.read_text()
    user.settings.write_text(text.replace(str(real_python()), str(broken)))


def _settings(text: str) -> Callable[[User], None]:
    def write(user: User) -> None:
        user.settings.write_text(text)

    return write


def _another_program(user: User) -> None:
    other = user.home / "bin/acd"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    user.environ["PATH"] = f"{other.parent}:{user.environ['PATH']}"


def _program(script: str) -> Callable[[User], None]:
    def write(user: User) -> None:
        (user.data / "venv/bin/acd").write_text(f"#!/bin/sh\n{script}\n")

    return write


def _disable(path: str) -> Callable[[User], None]:
    def write(user: User) -> None:
        settings = user.home / path
        settings.parent.mkdir(exist_ok=True)
        old = settings.read_text() if settings.exists() else "{}"
        comma = "" if old == "{}" else ","
        settings.write_text('{"disableAllHooks": true' + comma + old.lstrip("{"))

    return write


def _configure(user: User) -> None:
    path = user.home / ".config/acd/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[daemon]\nidle = 5\n")


def _open_directory(user: User) -> None:
    user.socket.parent.chmod(0o755)


def _no_socket(user: User) -> None:
    user.socket.unlink(missing_ok=True)
    user.socket.write_text("")


def _lose_events(user: User) -> None:
    Path(f"{user.socket}.given-up").write_bytes(b"..")


def _open_hook(user: User) -> None:
    user.hook.chmod(0o666)


def _open_work(user: User) -> None:
    user.hook.with_name("acd_hook_event.py").chmod(0o666)


def _open_bytecode(user: User) -> None:
    user.hook.with_name("__pycache__").chmod(0o777)


def _path(user: User) -> None:
    user.environ["PATH"] = "/usr/bin:/bin"


BROKEN: dict[str, tuple[Callable[[User], None], str, str]] = {
    "stale interpreter": (_uninstall_python, "/opt/gone/python3 is gone", "acd install"),
    "broken interpreter": (_break_python, "python3, does not run", "acd install"),
    "hook gone": (lambda user: user.hook.unlink(), "acd_hook.py is gone", "acd install"),
    "hooks taken out": (_settings("{}"), "no hooks of acd", "acd in"),
    "settings broken": (_settings("{"), "line 1, column 2", "fix "),
    "disabled by the user": (
        _disable(".claude/settings.json"),
        "settings.json sets disableAllHooks, so no hook runs",
        "remove disableAllHooks",
    ),
    "disabled by the project": (
        _disable(".claude/settings.local.json"),
        "settings.local.json sets disableAllHooks",
        "remove disableAllHooks",
    ),
    "shadowed on PATH": (_another_program, "comes before the installed", "remove it, or put"),
    "not on PATH": (_path, "there is no acd on PATH", 'PATH="$HOME/.local/bin:$PATH"'),
    "program broken": (_program("exit 1"), "does not run", "run install.sh"),
    "program of another version": (_program("echo acd 9.9"), "one is 9.9", "install.sh"),
    "client too old": (lambda user: user.claude("2.0.45"), "too old for ", "claude update"),
    "configuration": (_configure, "daemon.idle: no such option", "correct it"),
    "directory open": (_open_directory, "is not a private directory", "mode 700"),
    "no socket": (_no_socket, "is not a socket", "rm "),
    "events lost": (_lose_events, "2 events that hooks could not deliver", "resets the count"),
    "hook open to all": (_open_hook, "everybody can change it", "correct the owner"),
    "the hook's work open to all": (_open_work, "everybody can change it", "correct the owner"),
    "the hook's bytecode open to all": (
        _open_bytecode,
        "everybody can change it",
        "correct the owner",
    ),
}


@pytest.mark.parametrize(("break_it", "message", "remedy"), BROKEN.values(), ids=BROKEN)
def test_each_problem_is_shown_with_its_remedy(
    whole: User, break_it: Callable[[User], None], message: str, remedy: str
) -> None:
    break_it(whole)
    lines = doctor(whole, 1).splitlines()
    pairs = [
        (line, lines[number + 1])
        for number, line in enumerate(lines)
        if line.startswith("✗") and message in line
    ]
    assert pairs, "\n".join(lines)
    assert remedy in pairs[0][1]


def test_a_socket_of_ones_own_that_is_too_long_is_a_problem(whole: User) -> None:
    long = whole.home / ("x" * 120) / "acd.sock"
    assert "a Unix socket's path has at most 104" in doctor(whole, 1, ACD_SOCKET=str(long))


def test_a_frozen_daemon_ends_the_check_with_a_problem(
    whole: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import signal

    from acd.__main__ import main
    from acd.client import blocking

    whole.acd("set", "one", "working")
    for name, value in whole.environ.items():
        monkeypatch.setenv(name, value)
    with blocking.Client.connect(whole.environ, start=False) as asked:
        pid = asked.request(Info()).json()["pid"]  # type: ignore[union-attr]
    monkeypatch.setattr(blocking, "REPLY_SECONDS", 0.2)
    monkeypatch.setattr(sys, "argv", ["acd", "doctor"])
    os.kill(pid, signal.SIGSTOP)
    try:
        assert main() == 1
    finally:
        os.kill(pid, signal.SIGCONT)
    assert "does not answer within 0.2 s" in capsys.readouterr().out


def test_control_characters_are_shown_escaped(whole: User) -> None:
    output = doctor(whole, 1, ACD_SOCKET=f"{whole.home}/a\x1b[31m/acd.sock" + "x" * 120)
    assert "\x1b" not in output


def test_the_hooks_of_each_agent_that_is_here_are_checked(whole: User) -> None:
    (whole.home / ".codex").mkdir()
    output = doctor(whole, 1)
    assert "✓ hooks    claude-code: in " in output
    assert "✗ hooks    codex: " in output


# Tests cannot write to the administrator's directory, so it is an argument.


def test_an_administrators_settings_are_found(user: User) -> None:
    managed = user.home / "etc"
    (managed / "managed-settings.d").mkdir(parents=True)
    (managed / "managed-settings.json").write_text('{"disableAllHooks": true}')
    drop_in = managed / "managed-settings.d/10-hooks.json"
    drop_in.write_text('{"allowManagedHooksOnly": true}')
    assert list(overruling(user.settings, user.home, managed)) == [
        (managed / "managed-settings.json", "disableAllHooks", True),
        (drop_in, "allowManagedHooksOnly", True),
    ]


def test_of_an_administrators_settings_the_later_file_wins(user: User) -> None:
    managed = user.home / "etc"
    (managed / "managed-settings.d").mkdir(parents=True)
    (managed / "managed-settings.json").write_text('{"disableAllHooks": true}')
    (managed / "managed-settings.d/10-hooks.json").write_text('{"disableAllHooks": false}')
    assert list(overruling(user.settings, user.home, managed)) == []


def test_only_an_administrator_can_allow_managed_hooks_only(user: User) -> None:
    user.write(b'{"allowManagedHooksOnly": true}')
    assert list(overruling(user.settings, user.home, user.home / "etc")) == []


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
def test_other_settings_that_cannot_be_read_are_a_problem(user: User, content: bytes) -> None:
    path = user.home / "etc/managed-settings.json"
    path.parent.mkdir()
    path.write_bytes(content)
    assert list(overruling(user.settings, user.home, path.parent)) == [(path, "", True)]


# notifications


def _configure_notify(user: User, text: str) -> None:
    path = user.home / ".config/acd/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[notify]\n{text}\n")


def test_notifications_that_are_off_are_shown_in_status_and_are_not_a_finding(
    whole: User,
) -> None:
    assert " notify " not in doctor(whole, 0)
    assert "notify off" in status(whole)


def test_notifications_are_a_problem_until_a_notifier_runs(whole: User) -> None:
    _configure_notify(whole, 'command = ["true"]')
    absent = "configured, and no acd notify is running"
    remedy = "have your session start it: acd notify"
    assert f"✗ notify   {absent}\n           → {remedy}\n" in doctor(whole, 1)
    assert f"notify {absent}; {remedy}" in status(whole)
    environ = whole.environ
    with subprocess.Popen(whole.command("notify"), env=environ, stdin=subprocess.DEVNULL) as notify:
        until(lambda: is_notifier_running(whole.socket))
        assert "✓ notify   acd notify is running" in doctor(whole, 0)
        assert "notify acd notify is running" in status(whole)
        notify.kill()


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ('command = ["/no/such/program"]', "there is no program /no/such/program", "correct it in"),
        ("desktop = true", "cannot notify the desktop: No such file", "your desktop's session"),
    ],
)
def test_an_obstacle_to_notifications_is_a_problem(
    whole: User, text: str, message: str, remedy: str
) -> None:
    _configure_notify(whole, text)
    lines = doctor(whole, 1).splitlines()
    [number] = [number for number, line in enumerate(lines) if message in line]
    assert lines[number].startswith("✗ notify ")
    assert remedy in lines[number + 1]


def test_a_configuration_that_cannot_be_read_is_reported_once(whole: User) -> None:
    _configure_notify(whole, "desktop = 1")
    assert doctor(whole, 1).count("notify.desktop: must be true or false") == 1
    assert "not known: " in whole.acd("status", check=False).stdout
