"""A new agent with hooks in Claude Code's shape is one folder in acd/agents/."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.checkout import CHECKOUT
from testing.support import LineClient
from testing.user_home import User

FOLDER = CHECKOUT / "testing/new_agent"


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """A user with Tinker, for whom an acd is installed that has Tinker's folder."""
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("acd", "hooks", "packaging"):
        shutil.copytree(CHECKOUT / name, source / name, ignore=ignored)
    shutil.copytree(FOLDER, source / "acd/agents/tinker", ignore=ignored)
    # The hook has a row for each agent: where it keeps its configuration.
    hook = source / "hooks/acd_hook_event.py"
    rows, row = "AGENTS = {\n", '    "tinker": (b"TINKER_HOME", b"/.tinker"),\n'
    hook.write_text(hook.read_text().replace(rows, rows + row))
    environment = tmp_path / "venv"
    venv.create(environment)
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "acd.pth").write_text(f"{source}\n{sysconfig.get_path('purelib')}\n")
    with User() as new:
        new.python = str(environment / "bin/python")
        (new.home / ".tinker").mkdir()
        yield new


def test_it_is_installed_hooked_observed_and_listed(user: User) -> None:
    settings = user.home / ".tinker/settings.json"
    assert f"Hooks for Tinker: 4 in {settings}" in user.install()
    assert f"installed in {settings}" in user.acd("status", check=False).stdout
    [group] = json.loads(settings.read_bytes())["hooks"]["PermissionRequest"]
    event = {
        "session_id": "one",
        "hook_event_name": "PermissionRequest",
        "tool_name": "shell",
        "message": "Run make?",
    }
    with LineClient(user.socket) as client:
        client.ask("SUBSCRIBE")
        subprocess.run(
            ["/bin/sh", "-c", group["hooks"][0]["command"]],
            input=json.dumps(event).encode(),
            env=user.environ,
            check=True,
        )
        assert client.line().startswith("UPDATE one question")
        [session] = json.loads(user.acd("list", "--json").stdout)
        assert (session["agent_type"], session["status"]) == ("tinker", "question")
        assert session["prompt"] == "Run make?"
        (user.home / ".tinker/one.state").write_text("rest")
        assert client.line().startswith("UPDATE one attention")
    user.uninstall()
    assert not settings.exists()


def test_no_file_of_acd_outside_its_folder_names_it() -> None:
    for directory in ("acd", "hooks", "packaging"):
        for path in (CHECKOUT / directory).rglob("*"):
            assert not path.is_file() or b"tinker" not in path.read_bytes().lower(), path
