"""The daemon's state beside its socket: every change in a file before it is acknowledged.

Responsible for appending records, for reading them back after any end of the
daemon, and for keeping the file small by writing it anew, a few sessions at a
time. It refuses to know what records mean (sessions/records.py).

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
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from acd.agents.catalog import TRANSLATOR
from acd.sessions.records import (
    VERSION,
    BadRecord,
    apply_record,
    moment_record,
    read_moment,
    session_record,
    touched,
)
from acd.sessions.session import Session
from acd.sessions.store import Store
from acd.sessions.values import NS, Now

MAGIC: Final = "acd-journal"
SMALL: Final = 1 << 20
"""Bytes below which a file is never written anew."""
GROWTH: Final = 4
"""A file is written anew when it is this many times what its sessions alone take."""
STEP: Final = 50
"""Sessions written in one step of that, so that nobody waits for it (about 1 ms)."""
TAIL: Final = 1 << 14
"""Bytes of changes with which an orderly stop leaves the file: whoever starts the next daemon
waits while they are read (about 2 ms)."""
LOOK: Final = NS
"""Nanoseconds between looks at whether the file is still there."""

TOLD: Final = 10
"""Bad records that are logged; a file that is all garbage has very many."""

_NEWLINE: Final = "\n"
_APPEND: Final = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW

log = logging.getLogger("acd.journal")


class Rewrite:
    """A file that is being written anew, beside the one that it is going to replace.

    It holds whole sessions only, in the order of the store. One that changes
    when its turn has passed is written once more: its last record stands for
    all that happened to it. Raises OSError.
    """

    def __init__(self, path: Path, header: str, store: Store):
        self._path = path
        self._store = store
        self._waiting = dict(store.sessions)
        self._written: dict[str, Session] = {}
        self._added = 0
        self.size = 0
        path.unlink(missing_ok=True)
        self.fd = os.open(path, _APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            self._write([header])
        except OSError:
            self.abandon()
            raise

    def write_some(self, count: int) -> bool:
        """Writes so many of the sessions that wait; whether none waits any more."""
        # As many more as have come: it would never end otherwise.
        some = dict(islice(self._waiting.items(), count + self._added))
        self._added = 0
        if some:
            self._write([session_record(session) for session in some.values()])
        for name in some:
            del self._waiting[name]
        self._written |= some
        return not self._waiting

    def follow(self, names: Iterable[str]) -> None:
        """Takes up what has changed."""
        records = []
        for name in names:
            session = self._store.sessions.get(name)
            # Deleted, and perhaps another one created under its name.
            if self._waiting.get(name, session) is not session:
                del self._waiting[name]
            if self._written.get(name, session) is not session:
                del self._written[name]
                records.append(f"DELETE {name}")
            if session is None:
                continue
            if name in self._written:
                records.append(session_record(session))
            elif name not in self._waiting:
                self._waiting[name] = session
                self._added += 1
        if records:
            self._write(records)

    def _write(self, lines: list[str]) -> None:
        data = "\n".join([*lines, ""]).encode("utf-8", "surrogatepass")
        while data:
            # A full disk writes a part first; the next write tells the error.
            written = os.write(self.fd, data)
            self.size += written
            data = data[written:]

    def replace(self, path: Path) -> None:
        """Puts the file in its place. Its descriptor is the caller's from now on."""
        self._path.replace(path)

    def abandon(self) -> None:
        """Takes the file away."""
        os.close(self.fd)
        with contextlib.suppress(OSError):
            self._path.unlink()


class Journal:
    """The state file of one daemon. `boot_id` names this run of the machine."""

    def __init__(self, path: Path, boot_id: str, store: Store):
        self._path = path
        self._next_path = path.with_name(path.name + ".new")
        self._header = f"{MAGIC} {VERSION} {boot_id}"
        self._store = store
        self._fd = -1
        self._size = 0
        self._base = 0  # the size that the sessions alone took, when last known
        self._limit = SMALL
        self._rewrite: Rewrite | None = None
        self._seen_at = 0
        self.failure: str | None = None
        """Why changes are not written at present, for people; None while they are."""
        self.failed: Callable[[], None] = lambda: None
        """Called when that begins: somebody should `retry` from time to time."""
        self.grown: Callable[[], None] = lambda: None
        """Called when the file should be written anew, in steps: see `rewrite_some`."""

    # Reading ------------------------------------------------------------

    def load(self) -> None:
        """Fills the store with what the last daemon knew, then opens the file for appending.

        Never fails: what cannot be read is set aside and reported, and what
        cannot be written is kept in memory.
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
                self._fd = os.open(self._path, _APPEND)
                os.ftruncate(self._fd, self._size)
                self._next_path.unlink(missing_ok=True)  # of a daemon that was killed
            else:
                self._write_anew()
        except OSError as error:
            self._fail(error)

    def _read(self) -> bool:
        """Applies the file's records; whether the file can be continued."""
        fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            os.close(fd)
            raise OSError(errno.EPERM, "it is not a file of ours")
        with os.fdopen(fd, "rb") as file:
            header = file.readline(200)
            if header != f"{self._header}\n".encode():
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

    def _apply(self, lines: Iterable[bytes]) -> int:
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
                    apply_record(self._store, line, now, TRANSLATOR)
            except (BadRecord, UnicodeDecodeError) as error:
                bad += 1
                if bad <= TOLD:
                    log.warning("the state has a record that cannot be understood: %s", error)
            except Exception:
                # A bug, which must not keep the daemon from starting.
                bad += 1
                if bad <= TOLD:
                    log.exception("a record of the state could not be applied")
        return bad

    def _set_aside(self, reason: str) -> None:
        """Keeps what is there under another name, for people to look at."""
        aside = self._path.with_name(self._path.name + ".unreadable")
        log.error("%s is set aside as %s: %s", self._path, aside.name, reason)
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        try:
            # A second name: the first one stays good until a new file takes it over.
            os.link(self._path, aside, follow_symlinks=False)
        except OSError:
            # A directory has one name only.
            with contextlib.suppress(OSError):
                self._path.replace(aside)

    # Writing ------------------------------------------------------------

    def append(self, records: list[str], now: Now) -> None:
        """Writes what the store has changed; afterwards it may be acknowledged.

        Never fails: without a place to write, the daemon goes on from memory,
        and says so in `failure`.
        """
        if self.failure is not None:
            return
        data = f"{moment_record(now)}\n{_NEWLINE.join(records)}\n".encode()
        try:
            if now.boot - self._seen_at > LOOK:
                self._check_place(now)
            if os.write(self._fd, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            # What was written of it is no whole record, and nothing may continue it.
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            self._fail(error)
            return
        self._size += len(data)
        if self._rewrite is not None:
            self._follow(self._rewrite, records)
        elif self._size > self._limit:
            self.grown()

    def _check_place(self, now: Now) -> None:
        """A write to a file that was removed succeeds, and nobody will ever read it."""
        if os.fstat(self._fd).st_nlink == 0:
            raise OSError(errno.ENOENT, "the file was removed")
        self._seen_at = now.boot

    def _fail(self, error: OSError) -> None:
        """Writes the state to a new file, and without a place for that tells so."""
        try:
            self._write_anew()
        except OSError as again:
            self.failure = again.strerror or str(again)
            log.error("the state cannot be written, and is in memory only: %s", self.failure)
            self.failed()
        else:
            log.warning("the state is in a new file: %s", error.strerror)

    def retry(self) -> None:
        """Writes the state again, if that is possible by now."""
        if self.failure is None:
            return
        try:
            self._write_anew()
        except OSError as error:
            self.failure = error.strerror or str(error)
        else:
            self.failure = None
            log.warning("the state is written again")

    def renew(self) -> None:
        """Writes the state anew at once: something of what is in the file is not to be kept."""
        if self.failure is None:
            try:
                self._write_anew()
            except OSError as error:
                self._fail(error)

    def close(self) -> None:
        """Ends the use of the file, which is whole at every moment."""
        self.retry()
        if self.failure is None and self._size - self._base > TAIL:
            with contextlib.suppress(OSError):
                self._write_anew()
        self._abandon_rewrite()
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._size = -1, 0

    # Writing anew -------------------------------------------------------

    @property
    def is_large(self) -> bool:
        """Whether the file should be written anew, or is being: see `rewrite_some`."""
        return self.failure is None and (self._rewrite is not None or self._size > self._limit)

    def rewrite_some(self) -> None:
        """Does one step of writing the file anew; call it again while `is_large`.

        Meanwhile the old file goes on, and is whole.
        """
        if not self.is_large:
            return
        try:
            if self._rewrite is None:
                self._rewrite = Rewrite(self._next_path, self._header, self._store)
            if self._rewrite.write_some(STEP):
                self._take_over(self._rewrite)
        except OSError as error:
            self._put_off_rewrite(error)

    def _follow(self, rewrite: Rewrite, records: list[str]) -> None:
        # In their order, for it is the one in which new ones are listed.
        names = dict.fromkeys(name for record in records for name in touched(self._store, record))
        try:
            rewrite.follow(names)
        except OSError as error:
            self._put_off_rewrite(error)

    def _put_off_rewrite(self, error: OSError) -> None:
        self._abandon_rewrite()
        self._limit = GROWTH * self._size
        log.warning("the state could not be written anew: %s", error.strerror)

    def _write_anew(self) -> None:
        """Writes the whole file at once: at the start, and after a failure. Raises OSError."""
        self._abandon_rewrite()
        try:
            self._rewrite = Rewrite(self._next_path, self._header, self._store)
            self._rewrite.write_some(len(self._store.sessions))
            self._take_over(self._rewrite)
        except OSError:
            self._abandon_rewrite()
            raise

    def _take_over(self, rewrite: Rewrite) -> None:
        rewrite.replace(self._path)
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = rewrite.fd
        self._size = self._base = rewrite.size
        self._limit = max(SMALL, GROWTH * self._size)
        self._rewrite = None

    def _abandon_rewrite(self) -> None:
        if self._rewrite is not None:
            self._rewrite.abandon()
            self._rewrite = None
