"""Files replaced whole or not at all.

Responsible for reading a file, for putting a new one in its place so that at
any moment, and after any crash, the old or the new one is there, for noticing
that somebody else wrote in between, and for letting one installer in at a
time. It refuses to know what the files say.

A new content is written to a temporary file in the same directory, synced,
and renamed over the old one (rename(2) is atomic); then the directory is
synced. What a killed run left behind is removed by the next one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acd.errors import AcdError

_ATTEMPTS: Final = 5
"""How often an edit is tried while others keep changing the file."""


class ChangedMeanwhile(Exception):
    """The file is not the one that was read; nothing was written."""


@dataclass(frozen=True)
class Snapshot:
    """A file as it was read."""

    path: Path
    """Where it really is: what a link leads to."""
    content: bytes | None
    """None: there is no such file."""
    identity: tuple[int, ...] | None
    """Changes with whatever is done to the file."""


def read(path: Path) -> Snapshot:
    """The file, through links, with what tells it from a later one.

    Raises AcdError when it is not a regular file or cannot be read.
    """
    target = Path(os.path.realpath(path))
    try:
        # O_NONBLOCK: a FIFO in its place would wait for a writer.
        fd = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        if path.is_symlink() and not target.parent.is_dir():
            raise AcdError(
                f"{path} leads to {target}, and there is no {target.parent}",
                hint="mend or remove the link and run this again",
            ) from None
        return Snapshot(target, None, None)
    except OSError as error:
        raise _failed("read", path, error) from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise AcdError(f"{path} is not a regular file", hint="move it away and run this again")
        with os.fdopen(fd, "rb", closefd=False) as file:
            content = file.read()
    except OSError as error:
        raise _failed("read", path, error) from error
    finally:
        os.close(fd)
    return Snapshot(target, content, _identity(found))


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def edit(
    path: Path,
    change: Callable[[bytes | None], bytes | None],
    *,
    mode: int,
    backup: Callable[[bytes], Path | None] = lambda content: None,
) -> Snapshot:
    """Puts `change(content)` in the file's place; None stands for no file. Gives the file before.

    `change` may be called again, when somebody else wrote in between. Before
    the first write `backup` may name a file that keeps the content, and that
    is never overwritten. `mode` is a new file's; an old one's stays.

    Raises AcdError, and what `change` raises; the file is then as it was.
    """
    remove_leftovers(Path(os.path.realpath(path)))
    for _ in range(_ATTEMPTS):
        before = read(path)
        content = change(before.content)
        if content == before.content:
            return before
        if before.content is not None and (kept := backup(before.content)) is not None:
            _write_once(kept, before)
        try:
            _put(before, content, mode)
        except ChangedMeanwhile:
            continue
        return before
    raise AcdError(
        f"{path} is being changed by another program",
        hint="close the editors in which it is open and run this again",
    )


def write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Puts a file of our own in place, whatever was there; a link is replaced, not followed.

    Raises AcdError.
    """
    remove_leftovers(path)
    _put(Snapshot(path, content=None, identity=None), content, mode, whatever_is_there=True)


def remove(path: Path) -> bool:
    """Removes a file or link; whether it was there. Raises AcdError."""
    remove_leftovers(path)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _failed("remove", path, error) from error
    return True


def remove_if_empty(directory: Path) -> None:
    """Removes a directory that holds nothing, and leaves any other."""
    with contextlib.suppress(OSError):
        directory.rmdir()


def remove_leftovers(path: Path) -> None:
    """Removes the temporary files of a run that was killed. Call it under the lock."""
    start, end = _temporary_name(path)
    with contextlib.suppress(OSError):
        for other in path.parent.iterdir():
            if other.name.startswith(start) and other.name.endswith(end):
                other.unlink(missing_ok=True)


def _temporary_name(path: Path) -> tuple[str, str]:
    """How the name of a temporary file for this one begins and ends."""
    return f".{path.name}.acd-", ".tmp"


def refuse_read_only(path: Path) -> None:
    """Raises AcdError for a file that nobody may write."""
    # A rename asks only for the directory's permission. Whoever made the file
    # read-only said no, and root is asked as anybody else is.
    if not stat.S_IMODE(path.stat().st_mode) & 0o222 or not os.access(path, os.W_OK):
        raise AcdError(
            f"{path} is read-only",
            hint="make it writable (chmod u+w) or edit what made it, and run this again",
        )


def _put(
    before: Snapshot, content: bytes | None, mode: int, *, whatever_is_there: bool = False
) -> None:
    """Raises ChangedMeanwhile, or AcdError; the file is then as it was."""
    path = before.path

    def check() -> None:
        if not whatever_is_there and _changed(before):
            raise ChangedMeanwhile

    try:
        if before.content is not None:
            refuse_read_only(path)
        else:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if content is None:
            check()
            path.unlink()
            _sync_directory(path.parent)
        else:
            like = None if before.content is None else path
            _replace(path, content, like, mode, check)
    except OSError as error:
        raise _failed("write", path, error) from error


def _replace(
    path: Path, content: bytes, like: Path | None, mode: int, check: Callable[[], None]
) -> None:
    """`check` may stop it at the last moment, by raising."""
    temporary = _write_temporary(path, content, like, mode)
    try:
        check()
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _write_temporary(path: Path, content: bytes, like: Path | None, mode: int) -> Path:
    """A new file beside `path`, with the attributes of `like`, or if None with the mode."""
    start, end = _temporary_name(path)
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=start, suffix=end)
    temporary = Path(name)
    try:
        with os.fdopen(fd, "wb") as file:
            if like is None:
                os.fchmod(fd, mode)
            else:
                _copy_attributes(like, temporary, fd)
            file.write(content)
            file.flush()
            os.fsync(fd)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _copy_attributes(path: Path, temporary: Path, fd: int) -> None:
    """Mode, owner, extended attributes; but not the time, by which others see a change."""
    with contextlib.suppress(PermissionError):  # only root may give a file away
        found = path.stat()
        os.fchown(fd, found.st_uid, found.st_gid)
    shutil.copystat(path, temporary)
    os.utime(fd)


def _changed(before: Snapshot) -> bool:
    now = read(before.path)
    return (now.path, now.identity, now.content) != (before.path, before.identity, before.content)


def _write_once(path: Path, original: Snapshot) -> None:
    """Keeps the content beside the file, unless something is kept there already."""
    remove_leftovers(path)
    if path.exists() or path.is_symlink() or original.content is None:
        return
    try:
        _replace(path, original.content, original.path, 0o600, lambda: None)
    except OSError as error:
        raise _failed("write", path, error) from error


def _sync_directory(directory: Path) -> None:
    """So that the rename outlives a power failure."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        # fsync(2): not every file system can.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EROFS}:
            raise
    finally:
        os.close(fd)


def _failed(what: str, path: Path, error: OSError) -> AcdError:
    hints = {
        errno.ENOSPC: "free some space and run this again; nothing was damaged",
        errno.EDQUOT: "free some space and run this again; nothing was damaged",
        errno.EACCES: f"see who may write in {path.parent}: ls -ld",
        errno.EPERM: f"see who may write in {path.parent}: ls -ld",
        errno.EROFS: "it is managed elsewhere (read-only file system); change it there",
        errno.ELOOP: "its symbolic links lead in a circle",
    }
    return AcdError(
        f"cannot {what} {path}: {error.strerror or error}", hint=hints.get(error.errno or 0)
    )


@contextlib.contextmanager
def lock(path: Path, *, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """One holder at a time; `waiting` is called while another has it. The file is removed after.

    Raises AcdError when the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = _locked(path, waiting)
    except OSError as error:
        raise _failed("lock", path, error) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(fd)


def _locked(path: Path, waiting: Callable[[], None]) -> int:
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(fd, fcntl.LOCK_EX)
            # The holder before us removed the file: a third may lock a new one.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(path.stat(), os.fstat(fd)):
                    return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
