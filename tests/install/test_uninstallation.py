"""`acd uninstall` as users run it, without a service manager."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from acd.install.hook_command import real_python
from acd.system import runtime_dir
from testing.checkout import CHECKOUT
from testing.settings_samples import ACCEPTED, PLAIN
from testing.user_home import User


@pytest.mark.parametrize("content", [None, ACCEPTED["tabs"], ACCEPTED["nothing"]])
def test_after_uninstall_everything_is_as_it_was(user: User, content: bytes | None) -> None:
    if content is not None:
        user.write(content)
    before = user.files()
    user.install("--no-service")
    user.uninstall()
    left = user.files()
    assert {path: left.get(path) for path in before} == before
    # Shared directories may stay, empty.
    assert left.keys() - before.keys() <= {".local", ".local/share"}
    assert list(user.runtime.iterdir()) == []


def test_uninstall_ends_the_daemon(user: User) -> None:
    user.install()
    assert runtime_dir.is_running(user.socket)
    user.uninstall()
    assert not runtime_dir.is_running(user.socket)


def test_a_second_uninstall_prints_that_there_is_nothing_to_do(user: User) -> None:
    user.write(PLAIN)
    user.install()
    user.uninstall()
    before = user.files()
    assert user.uninstall() == "Nothing of acd is installed here.\n"
    assert user.files() == before


def test_what_the_user_changed_since_stays_and_so_does_the_backup(user: User) -> None:
    user.write(PLAIN)
    user.install()
    value = json.loads(user.settings.read_bytes())
    value["model"] = "sonnet"
    user.settings.write_text(json.dumps(value, indent=2))
    output = user.uninstall()
    assert json.loads(user.settings.read_bytes()) == json.loads(PLAIN) | {"model": "sonnet"}
    assert user.backup.read_bytes() == PLAIN
    assert f"stays at {user.backup}" in output


def test_a_file_that_the_client_rewrote_with_the_same_value_needs_no_backup(user: User) -> None:
    user.write(ACCEPTED["tabs"])
    user.install()
    value = json.loads(user.settings.read_bytes())
    user.settings.write_text(json.dumps(value, indent=2))
    user.uninstall()
    assert json.loads(user.settings.read_bytes()) == json.loads(ACCEPTED["tabs"])
    assert not user.backup.exists()


def test_hooks_with_paths_that_are_gone_are_found(user: User) -> None:
    user.write(PLAIN)
    user.install()
    moved = user.settings.read_text().replace(str(real_python()), "/opt/py/bin/python3.9")
    user.settings.write_text(moved.replace(str(user.hook), "/mnt/old/share/acd/acd_hook.py"))
    shutil.rmtree(user.data)
    user.uninstall()
    assert user.settings.read_bytes() == PLAIN


def test_the_program_and_its_link_go_and_foreign_files_stay(user: User) -> None:
    user.install()
    (user.data / "venv-abc/bin").mkdir(parents=True)
    (user.data / "venv").symlink_to("venv-abc")
    (user.data / "notes").write_text("mine")
    link = user.home / ".local/bin/acd"
    link.parent.mkdir()
    link.symlink_to(user.data / "venv/bin/acd")  # dangling
    user.uninstall()
    assert [path.name for path in user.data.iterdir()] == ["notes"]
    assert not link.is_symlink()


def test_a_foreign_acd_stays(user: User) -> None:
    user.install()
    link = user.home / ".local/bin/acd"
    link.parent.mkdir()
    link.symlink_to("/usr/bin/true")
    user.uninstall()
    assert link.readlink() == Path("/usr/bin/true")


def test_the_configuration_stays_and_is_named(user: User) -> None:
    config = user.home / ".config/acd/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("")
    user.install()
    assert f"Your configuration stays: {config}" in user.uninstall()
    assert config.exists()


def test_broken_settings_with_our_hooks_stop_uninstall_before_it_begins(user: User) -> None:
    user.install()
    user.settings.write_bytes(user.settings.read_bytes() + b"}")
    before = user.files()
    done = user.acd("uninstall", "--yes", check=False)
    assert done.returncode == 1
    assert str(user.settings) in done.stderr
    assert user.files() == before


def test_broken_settings_without_acds_hooks_are_left_alone(user: User) -> None:
    user.install("--no-hooks")
    user.write(b"{ // broken")
    user.uninstall()
    assert user.settings.read_bytes() == b"{ // broken"


def test_without_a_terminal_it_requires_the_option_yes(user: User) -> None:
    user.install()
    before = user.files()
    done = user.acd("uninstall", check=False)
    assert done.returncode == 2
    assert "acd uninstall --yes" in done.stderr
    assert user.files() == before


@pytest.mark.parametrize(("answer", "goes"), [("y", True), ("n", False), ("", False)])
def test_on_a_terminal_it_asks(user: User, answer: str, goes: bool) -> None:
    user.install()
    controller, terminal = pty.openpty()
    try:
        os.write(controller, f"{answer}\n".encode())
        done = subprocess.run(
            user.command("uninstall"),
            env=user.environ,
            stdin=terminal,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    finally:
        os.close(controller)
        os.close(terminal)
    assert "Remove acd? [y/N]" in done.stdout
    assert user.hook.exists() is not goes
    assert ("Nothing was done." in done.stdout) is not goes


def test_an_uninstall_as_a_dry_run_changes_nothing_and_names_each_place(user: User) -> None:
    user.install()
    before = user.files()
    output = user.acd("uninstall", "--dry-run").stdout
    assert user.files() == before
    assert runtime_dir.is_running(user.socket)
    for file in (user.settings, user.socket.parent, user.hook):
        assert str(file) in output
    user.uninstall()
    assert user.acd("uninstall", "--dry-run").stdout == "nothing to do\n"


def test_a_checkout_uninstalls_with_nothing_but_the_standard_library(user: User) -> None:
    user.write(PLAIN)
    user.install()
    subprocess.run(
        # -S: no site-packages, so neither click nor uvloop.
        [real_python(), "-S", "-B", "-m", "acd.install"],
        env={**user.environ, "PYTHONPATH": str(CHECKOUT)},
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert user.settings.read_bytes() == PLAIN
    assert not user.data.exists()
