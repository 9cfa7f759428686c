"""A file is replaced whole or stays as it was, and no concurrent change is lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from acd.errors import AcdError
from acd.system import files
from acd.system.lock_file import LockHeld, lock
from testing.home import state

NOBODY = 65534


@contextlib.contextmanager
def as_nobody() -> Iterator[Path]:
    """A directory, with root turned into an unprivileged user, to whom permissions apply."""
    # Not in pytest's directory, which other users cannot read.
    folder = Path(tempfile.mkdtemp(prefix="acd-files-"))
    is_root = os.geteuid() == 0
    try:
        if is_root:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def put(path: Path, content: bytes | None, **options: int) -> None:
    files.edit(path, lambda _: content, mode=options.get("mode", 0o600))


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    directory = tmp_path / "settings"
    directory.mkdir()
    return directory / "settings.json"


def test_a_new_file_gets_the_given_mode_and_directories(tmp_path: Path) -> None:
    path = tmp_path / "a/b/settings.json"
    put(path, b"new", mode=0o640)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o4755])
def test_an_old_file_keeps_its_mode(path: Path, mode: int) -> None:
    path.write_bytes(b"old")
    path.chmod(mode)
    put(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_an_old_file_keeps_its_owner(path: Path) -> None:
    path.write_bytes(b"old")
    os.chown(path, NOBODY, NOBODY)
    put(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, NOBODY)


def test_an_old_file_keeps_its_extended_attributes(path: Path) -> None:
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.tag", b"mine")
    except OSError as error:
        pytest.skip(f"no extended attributes here: {error}")
    put(path, b"new")
    assert os.getxattr(path, "user.tag") == b"mine"


def test_a_change_shows_in_the_files_time(path: Path) -> None:
    path.write_bytes(b"old")
    os.utime(path, (1, 1))
    put(path, b"new")
    assert path.stat().st_mtime > 1_000_000_000


def test_an_unchanged_file_is_not_written(path: Path) -> None:
    path.write_bytes(b"old")
    before = state(path)
    put(path, b"old")
    assert state(path) == before


def test_a_link_stays_and_its_target_is_replaced(path: Path, tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    target = tmp_path / "dotfiles/claude.json"
    target.write_bytes(b"old")
    middle = tmp_path / "middle"
    middle.symlink_to("dotfiles/claude.json")
    path.symlink_to(middle)
    put(path, b"new")
    assert path.readlink() == middle
    assert middle.is_symlink()
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["claude.json"]


def test_a_link_to_a_missing_file_creates_that_file(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "later.json")
    put(path, b"new")
    assert path.is_symlink()
    assert (tmp_path / "later.json").read_bytes() == b"new"


def test_a_link_into_a_missing_directory_is_refused(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "unmounted/settings.json")
    with pytest.raises(AcdError, match="there is no"):
        put(path, b"new")
    assert not (tmp_path / "unmounted").exists()


def test_links_in_a_circle_are_refused(path: Path) -> None:
    path.symlink_to(path)
    with pytest.raises(AcdError, match="cannot read") as caught:
        put(path, b"new")
    assert caught.value.hint == "its symbolic links lead in a circle"


def test_a_fifo_is_refused_without_waiting(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(AcdError, match="not a regular file"):
        put(path, b"new")


def test_a_directory_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(AcdError):
        put(path, b"new")


def test_a_read_only_file_is_refused_also_for_root(path: Path) -> None:
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(AcdError, match="is read-only") as caught:
        put(path, b"new")
    assert caught.value.hint is not None
    assert path.read_bytes() == b"old"
    assert names(path.parent) == ["settings.json"]


def test_a_read_only_directory_is_refused() -> None:
    with as_nobody() as folder:
        path = folder / "settings.json"
        path.write_bytes(b"old")
        folder.chmod(0o500)
        with pytest.raises(AcdError, match="Permission denied") as caught:
            put(path, b"new")
        assert str(folder) in (caught.value.hint or "")
        assert path.read_bytes() == b"old"


def test_a_file_that_may_not_be_read_is_refused() -> None:
    with as_nobody() as folder:
        path = folder / "settings.json"
        path.write_bytes(b"old")
        path.chmod(0o000)
        with pytest.raises(AcdError, match="cannot read"):
            put(path, b"new")
        path.chmod(0o600)
        assert path.read_bytes() == b"old"


# --- Another program writes in between ----------------------------------------


def save_in_place(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"edited")


def save_by_rename(path: Path) -> None:
    aside = path.with_name("settings.json~")
    aside.write_bytes(b"edited")
    aside.rename(path)


@pytest.mark.parametrize("save", [save_in_place, save_by_rename])
def test_a_save_of_an_editor_in_between_is_merged(path: Path, save: object) -> None:
    assert callable(save)
    path.write_bytes(b"before")
    seen: list[bytes | None] = []

    def change(content: bytes | None) -> bytes:
        if not seen:
            save(path)
        seen.append(content)
        return b"with ours: " + (content or b"")

    files.edit(path, change, mode=0o600)
    assert seen == [b"before", b"edited"]
    assert path.read_bytes() == b"with ours: edited"
    assert names(path.parent) == ["settings.json"]


def test_a_save_while_the_new_content_is_written_is_merged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"before")
    sync = os.fsync

    def save_and_sync(fd: int) -> None:
        if path.read_bytes() == b"before":
            save_by_rename(path)
        sync(fd)

    monkeypatch.setattr(os, "fsync", save_and_sync)
    files.edit(path, lambda content: b"with ours: " + (content or b""), mode=0o600)
    assert path.read_bytes() == b"with ours: edited"


def test_a_file_that_is_created_in_between_is_merged(path: Path) -> None:
    def change(content: bytes | None) -> bytes:
        if content is None:
            path.write_bytes(b"new")
        return b"with ours: " + (content or b"")

    files.edit(path, change, mode=0o600)
    assert path.read_bytes() == b"with ours: new"


def test_a_save_with_the_same_size_and_time_is_detected(path: Path) -> None:
    path.write_bytes(b"before")
    time = path.stat().st_mtime_ns

    def change(content: bytes | None) -> bytes:
        if content == b"before":
            path.write_bytes(b"after!")
            os.utime(path, ns=(time, time))
        return b"with ours: " + (content or b"")

    files.edit(path, change, mode=0o600)
    assert path.read_bytes() == b"with ours: after!"


def test_a_file_that_changes_without_end_is_refused_and_kept(path: Path) -> None:
    path.write_bytes(b"0")
    saves = 0

    def change(content: bytes | None) -> bytes:
        nonlocal saves
        saves += 1
        path.write_bytes(b"%d" % saves)
        return b"ours"

    with pytest.raises(AcdError, match="being changed by another program"):
        files.edit(path, change, mode=0o600)
    assert path.read_bytes() == b"%d" % saves
    assert names(path.parent) == ["settings.json"]


def test_a_save_while_the_file_is_removed_is_kept(path: Path) -> None:
    path.write_bytes(b"before")

    def change(content: bytes | None) -> bytes | None:
        if content == b"before":
            path.write_bytes(b"edited")
            return None
        return content

    files.edit(path, change, mode=0o600)
    assert path.read_bytes() == b"edited"


# --- Backup and temporary files -----------------------------------------------


def test_the_backup_has_the_first_content_and_its_mode(path: Path) -> None:
    backup = path.with_name("backup")
    path.write_bytes(b"original")
    path.chmod(0o640)
    for content in (b"second", b"third"):
        files.edit(path, lambda _, new=content: new, mode=0o600, backup=lambda _: backup)  # type: ignore[misc]
    assert backup.read_bytes() == b"original"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o640


def test_a_missing_file_gets_no_backup(path: Path) -> None:
    files.edit(path, lambda _: b"new", mode=0o600, backup=lambda _: path.with_name("backup"))
    assert names(path.parent) == ["settings.json"]


def test_the_temporary_files_of_a_killed_run_are_removed_by_the_next(path: Path) -> None:
    path.write_bytes(b"old")
    for name in (".settings.json.acd-x1.tmp", ".settings.json.acd-.tmp"):
        path.with_name(name).write_bytes(b"half")
    others = (".settings.json.swp", "settings.json.acd-backup", ".other.acd-x.tmp")
    for name in others:
        path.with_name(name).write_bytes(b"mine")
    put(path, b"old")
    assert names(path.parent) == sorted(("settings.json", *others))


def test_a_failed_write_leaves_no_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"old")

    def fail(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(AcdError, match="No space left") as caught:
        put(path, b"new")
    assert "free some space" in (caught.value.hint or "")
    assert path.read_bytes() == b"old"
    assert names(path.parent) == ["settings.json"]


def test_write_replaces_a_link(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "theirs"
    target.write_bytes(b"theirs")
    path.symlink_to(target)
    files.write(path, b"ours")
    assert not path.is_symlink()
    assert path.read_bytes() == b"ours"
    assert target.read_bytes() == b"theirs"


# --- Lock ---------------------------------------------------------------------


def test_the_lock_has_one_holder_at_a_time_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "made/acd.lock"
    inside: list[int] = []
    waited: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            with contextlib.ExitStack() as stack:
                try:
                    stack.enter_context(lock(path, waits=False))
                except LockHeld:
                    waited.append(number)
                    stack.enter_context(lock(path))
                inside.append(number)
                most.append(len(inside))
                os.sched_yield()
                inside.remove(number)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(most) == 80
    assert set(most) == {1}
    assert waited
    assert names(path.parent) == []


def test_the_lock_is_released_after_an_exception(tmp_path: Path) -> None:
    path = tmp_path / "acd.lock"
    with pytest.raises(ZeroDivisionError), lock(path):
        raise ZeroDivisionError
    with lock(path, waits=False):
        pass


def test_a_lock_that_cannot_be_created_is_reported() -> None:
    with as_nobody() as folder:
        folder.chmod(0o500)
        with pytest.raises(AcdError, match="cannot lock"), lock(folder / "acd.lock"):
            pass
