"""Reads files, and replaces them atomically.

New content is written to a temporary file in the same directory, synced, and
renamed over the old one (rename(2) is atomic); then the directory is synced.
So the path has the old or the new content at any moment, and after any crash.
The next run removes the temporary files of a run that was killed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acd.errors import AcdError

_ATTEMPTS: Final = 5
"""How often an edit is tried while other programs change the file."""


class ChangedMeanwhile(Exception):
    """The file has changed since it was read; nothing was written."""


@dataclass(frozen=True)
class FileVersion:
    """A file as it was read."""

    path: Path
    """The resolved path."""
    content: bytes | None
    """None where there is no such file."""
    stamp: tuple[int, ...] | None
    """Device, inode, size and times: differs after any change of the file."""


def read(path: Path) -> FileVersion:
    """Reads a file, links followed.

    Raises AcdError when it is not a regular file or cannot be read.
    """
    target = Path(os.path.realpath(path))
    try:
        # O_NONBLOCK: opening a FIFO would wait for a writer.
        fd = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        if path.is_symlink() and not target.parent.is_dir():
            raise AcdError(
                f"{path} leads to {target}, and there is no {target.parent}",
                hint="repair or remove the link and run this again",
            ) from None
        return FileVersion(target, None, None)
    except OSError as error:
        raise failure("read", path, error) from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise AcdError(f"{path} is not a regular file", hint="move it away and run this again")
        with os.fdopen(fd, "rb", closefd=False) as file:
            content = file.read()
    except OSError as error:
        raise failure("read", path, error) from error
    finally:
        os.close(fd)
    return FileVersion(target, content, _stamp(found))


def _stamp(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def edit(
    path: Path,
    change: Callable[[bytes | None], bytes | None],
    *,
    mode: int,
    backup: Callable[[bytes], Path | None] = lambda content: None,
) -> FileVersion:
    """Replaces a file by `change(content)`; returns the version before.

    None stands for no file, in both directions. `change` is called again when
    another program wrote in between. Before the first write `backup` may name a
    file that keeps the content; an existing one is not overwritten. `mode` is
    that of a new file; an old one keeps its own.

    Raises AcdError, and what `change` raises; the file is then unchanged.
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
    """Writes a file of acd's own over any file; a link is replaced, not followed.

    Raises AcdError.
    """
    remove_leftovers(path)
    _put(FileVersion(path, content=None, stamp=None), content, mode, overwrites=True)


def remove(path: Path) -> bool:
    """Removes a file or link; returns whether it existed. Raises AcdError."""
    remove_leftovers(path)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise failure("remove", path, error) from error
    return True


def remove_if_empty(directory: Path) -> None:
    """Removes a directory if it is empty."""
    with contextlib.suppress(OSError):
        directory.rmdir()


def remove_leftovers(path: Path) -> None:
    """Removes the temporary files of a run that was killed. Call it with the lock held."""
    start, end = _temporary_name(path)
    with contextlib.suppress(OSError):
        for other in path.parent.iterdir():
            if other.name.startswith(start) and other.name.endswith(end):
                other.unlink(missing_ok=True)


def _temporary_name(path: Path) -> tuple[str, str]:
    """Prefix and suffix of the names of temporary files for a path."""
    return f".{path.name}.acd-", ".tmp"


def refuse_read_only(path: Path) -> None:
    """Raises AcdError for a read-only file, also to root."""
    # rename(2) needs the directory's permission only, and would replace the file.
    if not stat.S_IMODE(path.stat().st_mode) & 0o222 or not os.access(path, os.W_OK):
        raise AcdError(
            f"{path} is read-only",
            hint="make it writable (chmod u+w) or edit its source, and run this again",
        )


def _put(
    before: FileVersion, content: bytes | None, mode: int, *, overwrites: bool = False
) -> None:
    """Raises ChangedMeanwhile or AcdError; the file is then unchanged."""
    path = before.path

    def check() -> None:
        if not overwrites and _changed(before):
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
        raise failure("write", path, error) from error


def _replace(
    path: Path, content: bytes, like: Path | None, mode: int, check: Callable[[], None]
) -> None:
    """`check` is called before the rename, which it prevents by raising."""
    temporary = _write_temporary(path, content, like, mode)
    try:
        check()
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _write_temporary(path: Path, content: bytes, like: Path | None, mode: int) -> Path:
    """Writes a new file beside `path`, with the attributes of `like` or else the mode."""
    import tempfile  # 5 ms, and most callers only read

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
    """Copies mode, owner and extended attributes, not the times: they show the change."""
    import shutil  # 3 ms, and most callers only read

    with contextlib.suppress(PermissionError):  # only root may change the owner
        found = path.stat()
        os.fchown(fd, found.st_uid, found.st_gid)
    shutil.copystat(path, temporary)
    os.utime(fd)


def _changed(before: FileVersion) -> bool:
    return read(before.path) != before


def _write_once(path: Path, original: FileVersion) -> None:
    """Writes a copy to `path`, unless that exists."""
    remove_leftovers(path)
    if path.exists() or path.is_symlink() or original.content is None:
        return
    try:
        _replace(path, original.content, original.path, 0o600, lambda: None)
    except OSError as error:
        raise failure("write", path, error) from error


def _sync_directory(directory: Path) -> None:
    """Makes a rename survive a power failure."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        # fsync(2): some file systems do not support it.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EROFS}:
            raise
    finally:
        os.close(fd)


def failure(what: str, path: Path, error: OSError) -> AcdError:
    """The error of an OSError, with a hint where the reason has one."""
    hints = {
        errno.ENOSPC: "free some space and run this again; nothing was damaged",
        errno.EDQUOT: "free some space and run this again; nothing was damaged",
        errno.EACCES: f"see who may write in {path.parent}: ls -ld",
        errno.EPERM: f"see who may write in {path.parent}: ls -ld",
        errno.EROFS: "its file system is read-only; change it where it is managed",
        errno.ELOOP: "its symbolic links lead in a circle",
    }
    return AcdError(
        f"cannot {what} {path}: {error.strerror or error}", hint=hints.get(error.errno or 0)
    )
