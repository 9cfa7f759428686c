"""The installer's steps on settings files: what they add, and what removal leaves."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from acd.agents.claude_code.events import AGENT
from acd.errors import AcdError
from acd.install.settings import (
    AddToSettings,
    RemoveFromSettings,
    Settings,
    put_hooks,
    remove_hooks,
)
from acd.install.steps import RemoveFiles, WriteFile
from testing.home import state
from testing.settings_samples import ACCEPTED, PLAIN, REFUSED
from testing.settings_strategies import WANTED, handler


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "claude/settings.json"


def settings(path: Path) -> Settings:
    return Settings(path, AGENT.name, "Claude Code")


def put(path: Path) -> AddToSettings:
    return put_hooks(settings(path), WANTED)


def take(path: Path) -> RemoveFromSettings:
    return remove_hooks(settings(path))


def backup_path(path: Path) -> Path:
    return settings(path).backup


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", ACCEPTED.values(), ids=ACCEPTED)
def test_removal_restores_the_file_and_leaves_no_other(path: Path, content: bytes) -> None:
    written(path, content).chmod(0o640)
    put(path).execute()
    assert path.read_bytes() != content
    assert backup_path(path).read_bytes() == content
    assert stat.S_IMODE(backup_path(path).stat().st_mode) == 0o640
    take(path).execute()
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_file_that_was_missing_is_missing_again(path: Path) -> None:
    put(path).execute()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not backup_path(path).exists()
    take(path).execute()
    assert not path.parent.exists()


def test_the_agents_directory_stays_when_something_is_in_it(path: Path) -> None:
    put(path).execute()
    (path.parent / "history.jsonl").touch()
    take(path).execute()
    assert [each.name for each in path.parent.iterdir()] == ["history.jsonl"]


@pytest.mark.parametrize("content", [b"", b"{}", b"{ }\n", b"\n"])
def test_a_file_without_settings_gets_its_bytes_back_after_the_client_rewrote_it(
    path: Path, content: bytes
) -> None:
    written(path, content)
    put(path).execute()
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=2))
    take(path).execute()
    assert path.read_bytes() == content


def test_settings_that_the_user_emptied_since_are_an_empty_object(path: Path) -> None:
    written(path, PLAIN)
    put(path).execute()
    hooks = json.loads(path.read_bytes())["hooks"]
    path.write_text(json.dumps({"hooks": hooks}, indent=2))
    take(path).execute()
    assert path.read_bytes() == b"{}\n"
    assert backup_path(path).read_bytes() == PLAIN


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_a_refused_file_is_named_and_not_changed(path: Path, content: bytes, message: str) -> None:
    before = state(written(path, content))
    for attempt in (put(path).is_needed, put(path).execute):
        with pytest.raises(AcdError) as caught:
            attempt()
        assert f"{path}, {message}" in caught.value.message
    assert state(path) == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_backup_is_of_the_first_original_only(path: Path) -> None:
    written(path, PLAIN)
    put(path).execute()
    written(path, ACCEPTED["tabs"])
    put(path).execute()
    assert backup_path(path).read_bytes() == PLAIN


def test_a_file_with_acds_hooks_is_no_original(path: Path) -> None:
    put_hooks(settings(path), {"Stop": handler("/old")}).execute()
    put(path).execute()
    assert not backup_path(path).exists()


def test_the_backup_stands_beside_a_link_and_not_beside_its_target(
    path: Path, tmp_path: Path
) -> None:
    target = written(tmp_path / "dotfiles/claude.json", PLAIN)
    path.parent.mkdir()
    path.symlink_to(target)
    put(path).execute()
    assert [each.name for each in target.parent.iterdir()] == [target.name]
    assert backup_path(path).read_bytes() == PLAIN
    take(path).execute()
    assert path.is_symlink()
    assert target.read_bytes() == PLAIN


def test_a_step_is_needed_until_it_is_done(path: Path) -> None:
    assert put(path).is_needed()
    assert not take(path).is_needed()
    put(path).execute()
    assert not put(path).is_needed()
    assert take(path).is_needed()
    take(path).execute()
    assert not take(path).is_needed()


def test_describing_a_step_does_nothing(path: Path) -> None:
    for step in (put(path), take(path), WriteFile(path, b"x", "it"), RemoveFiles((path,), "it")):
        assert str(path) in step.describe()
    assert not path.parent.exists()


def test_removal_takes_trees_files_and_links_and_skips_missing_ones(
    tmp_path: Path,
) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "ours/tree").mkdir(parents=True)
    (tmp_path / "ours/file").touch()
    (tmp_path / "ours/link").symlink_to(tmp_path / "kept")
    names = ("tree", "file", "link", "gone")
    step = RemoveFiles(
        tuple(tmp_path / "ours" / name for name in names), "it", (tmp_path / "ours",)
    )
    assert step.execute() == "It removed."
    assert not (tmp_path / "ours").exists()
    assert (tmp_path / "kept").is_dir()
    step.execute()
