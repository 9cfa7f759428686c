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
COPIED = ("acd", "hooks", "packaging")
HOOK = Path("hooks/acd_hook_event.py")
ROW = '    "tinker": (b"TINKER_HOME", b"/.tinker"),\n'
"""The hook has a row for each agent: where it keeps its configuration."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of acd's source with Tinker's folder and its row in the hook."""
    copy = tmp_path / "source"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        shutil.copytree(CHECKOUT / name, copy / name, ignore=ignored)
    shutil.copytree(FOLDER, copy / "acd/agents/tinker", ignore=ignored)
    hook = copy / HOOK
    hook.write_text(hook.read_text().replace("AGENTS = {\n", f"AGENTS = {{\n{ROW}"))
    return copy


def files(root: Path) -> dict[Path, bytes]:
    """The content of each copied file, by its path below `root`."""
    return {
        path.relative_to(root): path.read_bytes()
        for name in COPIED
        for path in (root / name).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }


@pytest.fixture
def user(source: Path, tmp_path: Path) -> Iterator[User]:
    """A user with Tinker, whose interpreter imports acd from the copy."""
    environment = tmp_path / "venv"
    venv.create(environment)
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "acd.pth").write_text(f"{source}\n{sysconfig.get_path('purelib')}\n")
    with User() as new:
        new.python = str(environment / "bin/python")
        (new.home / ".tinker").mkdir()
        yield new


def test_a_new_agent_is_installed_hooked_observed_and_listed(user: User) -> None:
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


def test_only_its_folder_and_its_row_in_the_hook_are_added(user: User, source: Path) -> None:
    code = "import acd; print(acd.__file__)"
    imported = subprocess.run(
        [user.python, "-P", "-c", code],
        env=user.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert imported.stdout == f"{source / 'acd/__init__.py'}\n"
    ours, copied = files(CHECKOUT), files(source)
    folder = {Path("acd/agents/tinker", path.name) for path in FOLDER.glob("*.py")}
    assert copied.keys() - ours.keys() == folder
    assert {path for path, content in ours.items() if copied.get(path) != content} == {HOOK}
    lines = copied[HOOK].decode().splitlines(keepends=True)
    lines.remove(ROW)
    assert "".join(lines).encode() == ours[HOOK]
