"""Writes the sessions of a store to a new journal file, in steps."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from acd.sessions.records import deleted_record, session_record
from acd.sessions.session import Session
from acd.sessions.store import Store
from acd.system.guarded import open_own


class Compaction:
    """A journal file that is written beside the one that it is going to replace.

    It holds SESSION records in the order of the store. A session that changes
    after it was written is written again; its last record is the valid one. All
    methods but abandon() raise OSError.
    """

    def __init__(self, path: Path, header: str, store: Store):
        self._path = path
        self._store = store
        self._pending = dict(store.sessions)
        self._written: dict[str, Session] = {}
        self._added = 0
        self.size = 0
        path.unlink(missing_ok=True)
        self.fd = open_own(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL)
        try:
            self._write([header])
        except OSError:
            self.abandon()
            raise

    def step(self, count: int) -> bool:
        """Writes up to `count` pending sessions; returns whether none is left."""
        # As many more as were added since, or a busy daemon would never finish.
        some = dict(islice(self._pending.items(), count + self._added))
        self._added = 0
        if some:
            self._write([session_record(session) for session in some.values()])
        for session_id in some:
            del self._pending[session_id]
        self._written |= some
        return not self._pending

    def update(self, session_ids: Iterable[str]) -> None:
        """Takes over the changes of these sessions."""
        records = []
        for session_id in session_ids:
            session = self._store.sessions.get(session_id)
            # Deleted, and perhaps another one created with the same id.
            if self._pending.get(session_id, session) is not session:
                del self._pending[session_id]
            if self._written.get(session_id, session) is not session:
                del self._written[session_id]
                records.append(deleted_record(session_id))
            if session is None:
                continue
            if session_id in self._written:
                records.append(session_record(session))
            elif session_id not in self._pending:
                self._pending[session_id] = session
                self._added += 1
        if records:
            self._write(records)

    def _write(self, lines: list[str]) -> None:
        data = "\n".join([*lines, ""]).encode("utf-8", "surrogatepass")
        while data:
            # On a full disk a write is short first; the next one fails.
            written = os.write(self.fd, data)
            self.size += written
            data = data[written:]

    def replace(self, path: Path) -> None:
        """Renames the file over `path`. From then on the caller owns the descriptor."""
        self._path.replace(path)

    def abandon(self) -> None:
        """Closes and removes the file."""
        os.close(self.fd)
        with contextlib.suppress(OSError):
            self._path.unlink()
