"""The daemon's state beside its socket: every change in a file before it is acknowledged.

Responsible for appending records, for reading them back after any end of the
daemon, and for keeping the file small by writing it anew, a few sessions at a
time. It refuses to know what records mean (core/record.py).

The file is text: a header line `acd-journal <version> <boot id>`, then one
record a line. A line without an end is a write that was cut off, and was not
acknowledged. There is no fsync: the page cache outlives the process, and a
reboot is meant to forget. docs/journal.md is the format's reference.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from acd.core.record import (
    VERSION,
    BadRecord,
    apply_record,
    moment_record,
    read_moment,
    session_record,
)
from acd.core.session import NS, Now
from acd.core.store import Store

MAGIC: Final = "acd-journal"
SMALL: Final = 1 << 20
"""Bytes below which a file is never written anew."""
GROWTH: Final = 4
"""A file is written anew when it is this many times what its sessions alone take."""
STEP: Final = 50
"""Sessions written in one step of that, so that nobody waits for it (about 1 ms)."""
RETRY: Final = NS
"""Nanoseconds between attempts to write again after a failure."""

_NEWLINE: Final = "\n"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW

log = logging.getLogger("acd.journal")


class Journal:
    """The state file of one daemon. `boot_id` names this run of the machine."""

    def __init__(self, path: Path, boot_id: str, store: Store):
        self._path = path
        self._next_path = path.with_name(path.name + ".new")
        self._header = f"{MAGIC} {VERSION} {boot_id}"
        self._store = store
        self._fd = -1
        self._size = 0
        self._limit = SMALL
        self._rewriting: Iterator[str] | None = None
        self._next_fd = -1
        self._next_size = 0
        self.failure: str | None = None
        """Why changes are not written at present, for people; None while they are."""
        self.grown: Callable[[], None] = lambda: None
        """Called when the file should be written anew, in steps: see `rewrite_some`."""
        self._failed_at = 0
        self._seen_at = 0

    # Reading ------------------------------------------------------------

    def load(self) -> None:
        """Fills the store with what the last daemon knew, then opens the file for appending.

        Never fails: what cannot be read is set aside and reported, and what
        cannot be written is tried again later.
        """
        try:
            whole = self._read()
        except FileNotFoundError:
            whole = False
        except OSError as error:
            self._set_aside(f"cannot be read: {error.strerror}")
            whole = False
        try:
            if whole:
                self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
                os.ftruncate(self._fd, self._size)
            else:
                self._write_anew()
        except OSError as error:
            self._fail(error, 0)

    def _read(self) -> bool:
        """Applies the file's records; whether the file can be continued."""
        fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
                raise OSError(errno.EPERM, "it is not a file of ours")
            header = file.readline(200)
            if header.decode("utf-8", "replace").rstrip("\n") != self._header:
                if header.startswith(f"{MAGIC} {VERSION} ".encode()) and header.endswith(b"\n"):
                    log.info("the state is of an earlier boot, and forgotten")
                elif header:
                    self._set_aside("it is not a journal of a version that is known")
                return False
            self._size = len(header)
            rules = self._store.rules
            # What was accepted then is taken now, whatever the limits are by now.
            self._store.rules = replace(rules, max_sessions=1 << 62, max_metadata=1 << 62)
            try:
                bad = self._apply(file)
            finally:
                self._store.rules = rules
                self._store.order_closed()
            torn = found.st_size - self._size
        if torn:
            log.warning("the state's last %d bytes were cut off in the middle, and dropped", torn)
        if bad:
            self._set_aside(f"{bad} of its records could not be understood")
            return False
        return True

    def _apply(self, lines: Iterator[bytes]) -> int:
        """Applies whole lines; returns how many could not be understood."""
        now = Now(0, 0)
        bad = 0
        for raw in lines:
            if not raw.endswith(b"\n"):
                break
            self._size += len(raw)
            try:
                line = raw[:-1].decode()
                if line.startswith("@ "):
                    now = read_moment(line)
                else:
                    apply_record(self._store, line, now)
            except (BadRecord, UnicodeDecodeError) as error:
                bad += 1
                log.warning("the state has a record that cannot be understood: %s", error)
        return bad

    def _set_aside(self, reason: str) -> None:
        aside = self._path.with_name(self._path.name + ".unreadable")
        log.error("%s is set aside as %s: %s", self._path, aside.name, reason)
        with contextlib.suppress(OSError):
            self._path.replace(aside)

    # Writing ------------------------------------------------------------

    def append(self, records: list[str], now: Now) -> None:
        """Writes what changed; afterwards it may be acknowledged.

        Never fails: without a place to write, the daemon goes on from memory,
        says so in `failure`, and tries again with a later change.
        """
        if self.failure is not None:
            self._recover(now)
            return
        data = f"{moment_record(now)}\n{_NEWLINE.join(records)}\n".encode()
        try:
            if now.boot - self._seen_at > RETRY:
                self._check_place(now)
            if os.write(self._fd, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            # What was written of it is no whole record: take it back, so that
            # a later one does not continue it.
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            self._fail(error, now.boot)
            return
        self._size += len(data)
        if self._rewriting is not None:
            self._continue_rewrite(data)
        elif self._size > self._limit:
            self.grown()

    def _check_place(self, now: Now) -> None:
        """A write to a file that was removed succeeds, and nobody will ever read it."""
        if os.fstat(self._fd).st_nlink == 0:
            raise OSError(errno.ENOENT, "the file was removed")
        self._seen_at = now.boot

    @property
    def is_large(self) -> bool:
        """Whether the file should be written anew, or is being: see `rewrite_some`."""
        return self._rewriting is not None or (self._size > self._limit and self.failure is None)

    def rewrite_some(self, now: Now) -> None:
        """Does one step of writing the file anew; call it again while `is_large`.

        Meanwhile each change goes into both files. A session's record in the
        new one stands for all changes before it, so their order is right
        wherever in between they come.
        """
        try:
            if self._rewriting is None:
                self._begin_rewrite()
            assert self._rewriting is not None  # noqa: S101 - just begun
            some = [record for _, record in zip(range(STEP), self._rewriting, strict=False)]
            if some:
                self._write_next(some, now)
            else:
                self._finish_rewrite()
        except OSError as error:
            self._abandon_rewrite()
            # The old file is whole and goes on; do not try again at once.
            self._limit = GROWTH * self._size
            log.warning("the state could not be written anew: %s", error.strerror)

    def _begin_rewrite(self) -> None:
        self._next_fd = os.open(self._next_path, _NEW, 0o600)
        self._next_size = self._write(self._next_fd, f"{self._header}\n".encode())
        sessions = list(self._store.sessions)
        known = self._store.sessions
        # The oldest closed first: that order is the order of their expiry.
        sessions.sort(key=lambda session: known[session].closed_at or 0)
        self._rewriting = (session_record(known[name]) for name in sessions if name in known)

    def _write_next(self, records: list[str], now: Now) -> None:
        data = "\n".join([moment_record(now), *records, ""]).encode("utf-8", "surrogatepass")
        self._next_size += self._write(self._next_fd, data)

    def _continue_rewrite(self, data: bytes) -> None:
        try:
            self._next_size += self._write(self._next_fd, data)
        except OSError:
            self._abandon_rewrite()

    def _finish_rewrite(self) -> None:
        self._next_path.replace(self._path)
        os.close(self._fd)
        self._fd, self._size = self._next_fd, self._next_size
        self._limit = max(SMALL, GROWTH * self._size)
        self._rewriting, self._next_fd = None, -1

    def _abandon_rewrite(self) -> None:
        if self._next_fd >= 0:
            os.close(self._next_fd)
        self._rewriting, self._next_fd = None, -1
        with contextlib.suppress(OSError):
            self._next_path.unlink()

    def _write_anew(self) -> None:
        """Writes the whole file at once: at the start, and after a failure."""
        self._abandon_rewrite()
        self._begin_rewrite()
        assert self._rewriting is not None  # noqa: S101 - just begun
        self._write_next(list(self._rewriting), Now(0, 0))
        if self._fd < 0:
            self._fd = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        self._finish_rewrite()

    def _recover(self, now: Now) -> None:
        if now.boot - self._failed_at < RETRY:
            return
        try:
            self._write_anew()
        except OSError as error:
            self._abandon_rewrite()
            self._fail(error, now.boot)
        else:
            self.failure = None
            log.warning("the state is written again")

    def _fail(self, error: OSError, at: int) -> None:
        reason = error.strerror or str(error)
        if self.failure is None:
            log.error("the state cannot be written, and is kept in memory only: %s", reason)
        self.failure = reason
        self._failed_at = at

    @staticmethod
    def _write(fd: int, data: bytes) -> int:
        """Writes all of it. Raises OSError."""
        written = os.write(fd, data)
        while written < len(data):
            # A full disk writes a part first; the next write tells the error.
            written += os.write(fd, data[written:])
        return written

    def close(self) -> None:
        """Ends the use of the file, which is whole at every moment."""
        self._abandon_rewrite()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
