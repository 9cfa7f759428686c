"""Keeps the daemon's state in a file beside its socket.

Each change is appended before it is acknowledged, and the file is compacted
when it has grown. It is text: a header line `acd-journal <version> <boot id>`,
then one record (sessions/records.py) per line. A last line without a newline is
an incomplete write, which was not acknowledged. There is no fsync: the page
cache survives the end of the process, and the state is discarded at a reboot.
docs/journal.md is the reference of the format.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from acd.agents.catalog import TRANSLATOR
from acd.daemon.compaction import Compaction
from acd.sessions.records import (
    MAGIC,
    VERSION,
    BadRecord,
    apply_lines,
    journal_header,
    moment_record,
    touched,
)
from acd.sessions.store import Store
from acd.sessions.values import NS, Now
from acd.system.guarded import open_own

COMPACT_MIN: Final = 1 << 20
"""Bytes up to which a file is not compacted while the daemon runs."""
COMPACT_GROWTH: Final = 4
"""A file is compacted when it is this many times as large as after the last compaction."""
COMPACT_STEP: Final = 50
"""Sessions that one step of a compaction writes (about 1 ms)."""
CLOSE_TAIL: Final = 1 << 14
"""Bytes of changes beyond which an orderly stop compacts the file: the client that starts the
next daemon waits while they are read (about 2 ms)."""
CHECK_INTERVAL: Final = NS
"""Nanoseconds between checks that the file was not removed."""
MAX_LOGGED: Final = 10
"""Invalid records that are logged."""

_NEWLINE: Final = "\n"

log = logging.getLogger("acd.journal")


class Journal:
    """The state file of one daemon. `boot_id` is from system/clock.py."""

    def __init__(self, path: Path, boot_id: str, store: Store):
        self._path = path
        self._next_path = path.with_name(path.name + ".new")
        self._header = journal_header(boot_id)
        self._invalid = 0
        self._store = store
        self._fd = -1
        self._size = 0
        self._base = 0  # the size after the last compaction
        self._limit = COMPACT_MIN
        self._compaction: Compaction | None = None
        self._checked_at = 0
        self.failure: str | None = None
        """Why changes are not written at present, for display; None while they are written."""
        self.on_failure: Callable[[], None] = lambda: None
        """Called when `failure` is set; call retry() from time to time then."""
        self.on_growth: Callable[[], None] = lambda: None
        """Called when the file needs_compaction."""

    # Reading ------------------------------------------------------------

    def load(self) -> None:
        """Fills the store from the file, then opens the file for appending.

        It raises nothing: an unreadable file is set aside and logged, and
        without a writable file the state stays in memory (`failure`).
        """
        try:
            can_continue = self._read()
        except FileNotFoundError:
            can_continue = False
        except OSError as error:
            self._set_aside(f"cannot be read: {error.strerror}")
            can_continue = False
        try:
            if can_continue:
                self._fd = open_own(self._path, os.O_WRONLY | os.O_APPEND)
                os.ftruncate(self._fd, self._size)
                self._next_path.unlink(missing_ok=True)  # of a daemon that was killed
            else:
                self._compact()
        except OSError as error:
            self._fail(error)

    def _read(self) -> bool:
        """Applies the file's records; returns whether more may be appended. Raises OSError."""
        with os.fdopen(open_own(self._path), "rb") as file:
            header = file.readline(200)
            if header != f"{self._header}\n".encode():
                if header.startswith(f"{MAGIC} {VERSION} ".encode()) and header.endswith(b"\n"):
                    log.info("the state is from an earlier boot, and is discarded")
                elif header:
                    self._set_aside("it is not a journal of a known version")
                return False
            self._size = len(header)
            rules = self._store.rules
            self._store.rules = rules.without_limits()
            try:
                self._size += apply_lines(self._store, file, TRANSLATOR, self._log_invalid)
            finally:
                self._store.rules = rules
                self._store.order_closed()
            torn = os.fstat(file.fileno()).st_size - self._size
        if torn:
            log.warning("the last record of the state is incomplete: %d bytes are dropped", torn)
        if self._invalid:
            self._set_aside(f"it has {self._invalid} invalid records")
            return False
        return True

    def _log_invalid(self, error: Exception) -> None:
        self._invalid += 1
        if self._invalid > MAX_LOGGED:
            return
        if isinstance(error, BadRecord | UnicodeDecodeError):
            log.warning("invalid record in the state: %s", error)
        else:
            # A bug; the daemon starts all the same.
            log.error("a record of the state could not be applied", exc_info=error)

    def _set_aside(self, reason: str) -> None:
        """Keeps the file under another name, for diagnosis."""
        aside = self._path.with_name(self._path.name + ".unreadable")
        log.error("%s is set aside as %s: %s", self._path, aside.name, reason)
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        try:
            # A second link: the first one stays until a new file replaces it.
            os.link(self._path, aside, follow_symlinks=False)
        except OSError:
            # link(2) does not work for a directory.
            with contextlib.suppress(OSError):
                self._path.replace(aside)

    # Writing ------------------------------------------------------------

    def append(self, records: list[str], now: Now) -> None:
        """Writes changes of the store; afterwards they may be acknowledged.

        It raises nothing: while the file cannot be written, the state is in
        memory only, and `failure` is the reason.
        """
        if self.failure is not None:
            return
        data = f"{moment_record(now)}\n{_NEWLINE.join(records)}\n".encode()
        try:
            if now.boot - self._checked_at > CHECK_INTERVAL:
                self._check_file(now)
            if os.write(self._fd, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            # The next record must not continue an incomplete one.
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            self._fail(error)
            return
        self._size += len(data)
        if self._compaction is not None:
            self._update(self._compaction, records)
        elif self._size > self._limit:
            self.on_growth()

    def _check_file(self, now: Now) -> None:
        """Raises OSError if the file was removed: a write would succeed, and be lost."""
        if os.fstat(self._fd).st_nlink == 0:
            raise OSError(errno.ENOENT, "the file was removed")
        self._checked_at = now.boot

    def _fail(self, error: OSError) -> None:
        """Writes the state to a new file; if that fails, sets `failure`."""
        try:
            self._compact()
        except OSError as again:
            self.failure = again.strerror or str(again)
            log.error("the state cannot be written, and is in memory only: %s", self.failure)
            self.on_failure()
        else:
            log.warning("the state is in a new file: %s", error.strerror)

    def retry(self) -> None:
        """Tries to write the state again after a failure."""
        if self.failure is None:
            return
        try:
            self._compact()
        except OSError as error:
            self.failure = error.strerror or str(error)
        else:
            self.failure = None
            log.warning("the state is written again")

    def compact(self) -> None:
        """Compacts the file at once, so that it holds the present state only."""
        if self.failure is None:
            try:
                self._compact()
            except OSError as error:
                self._fail(error)

    def close(self) -> None:
        """Compacts the file if need be, and closes it."""
        self.retry()
        if self.failure is None and self._size - self._base > CLOSE_TAIL:
            with contextlib.suppress(OSError):
                self._compact()
        self._abandon()
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._size = -1, 0

    # Compaction ---------------------------------------------------------

    @property
    def needs_compaction(self) -> bool:
        """Whether the file is to be compacted, or a compaction is under way."""
        return self.failure is None and (self._compaction is not None or self._size > self._limit)

    def compact_step(self) -> None:
        """Does one step of a compaction; call it again while `needs_compaction`.

        Until the last step, changes are appended to the old file, too.
        """
        if not self.needs_compaction:
            return
        try:
            if self._compaction is None:
                self._compaction = Compaction(self._next_path, self._header, self._store)
            if self._compaction.step(COMPACT_STEP):
                self._finish(self._compaction)
        except OSError as error:
            self._postpone(error)

    def _update(self, compaction: Compaction, records: list[str]) -> None:
        # In the order of the records, in which LIST shows new sessions.
        ids = dict.fromkeys(each for record in records for each in touched(self._store, record))
        try:
            compaction.update(ids)
        except OSError as error:
            self._postpone(error)

    def _postpone(self, error: OSError) -> None:
        self._abandon()
        self._limit = COMPACT_GROWTH * self._size
        log.warning("the state could not be compacted: %s", error.strerror)

    def _compact(self) -> None:
        """Compacts the file in one step. Raises OSError."""
        self._abandon()
        try:
            self._compaction = Compaction(self._next_path, self._header, self._store)
            self._compaction.step(len(self._store.sessions))
            self._finish(self._compaction)
        except OSError:
            self._abandon()
            raise

    def _finish(self, compaction: Compaction) -> None:
        compaction.replace(self._path)
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = compaction.fd
        self._size = self._base = compaction.size
        self._limit = max(COMPACT_MIN, COMPACT_GROWTH * self._size)
        self._compaction = None

    def _abandon(self) -> None:
        if self._compaction is not None:
            self._compaction.abandon()
            self._compaction = None
