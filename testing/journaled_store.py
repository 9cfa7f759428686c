"""A store with its commands and its journal, in the test's process."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from acd.agents.catalog import DEFAULT
from acd.daemon.commands import Commands
from acd.daemon.journal import Journal
from acd.protocol import parse_request
from acd.sessions.records import session_record
from acd.sessions.store import Store
from acd.sessions.values import NS, Now, Refused

BOOT = "11111111-2222-3333-4444-555555555555"


def ticks(seconds: float = 1.5) -> Iterator[Now]:
    """Moments at equal distances, in order."""
    step = int(seconds * NS)
    for number in itertools.count(1):
        yield Now(1_700_000_000 * NS + number * step, 5_000 * NS + number * step)


class JournaledStore:
    """Applies request lines and writes their records, as a daemon does."""

    def __init__(self, path: Path, boot: str = BOOT):
        self.path = path
        self.store = Store(DEFAULT.name)
        self.journal = Journal(path, boot, self.store)
        self.commands = Commands(self.store, local_host="here", is_dir=lambda path: True)
        self.now = ticks()
        self.journal.load()

    def do(self, *lines: str) -> list[str]:
        """Applies lines at one moment; returns their replies."""
        now = next(self.now)
        replies, records = [], []
        for line in lines:
            try:
                request = parse_request(line)
                outcome = self.commands.handlers[type(request)](request, line, now)
                assert outcome is not None, line
                reply, _, record = outcome
            except Refused as refused:
                reply, record = f"ERR {refused}", None
            replies.append(reply)
            if record is not None:
                records.append(record)
        if records:
            self.journal.append(records, now)
        return replies

    @property
    def state(self) -> list[str]:
        """The records of all sessions, in the order of LIST."""
        return [session_record(session) for session in self.store.list_all()]

    @property
    def expiring(self) -> list[str]:
        """The closed sessions in the order of their expiry."""
        return list(self.store._closed)

    def again(self, path: Path | None = None) -> JournaledStore:
        """The store that the next daemon reads from the file."""
        return JournaledStore(path or self.path)


def load(path: Path, boot_id: str) -> Store:
    """The store that a daemon of this boot reads from a file, without an error."""
    store = Store(DEFAULT.name)
    journal = Journal(path, boot_id, store)
    journal.load()
    assert journal.failure is None
    journal.close()
    return store


def wire(journaled: JournaledStore) -> list[dict[str, Any]]:
    """The sessions as in GET, at a fixed moment."""
    now = Now(1_800_000_000 * NS, 9_000 * NS)
    return [session.to_wire_whole(now) for session in journaled.store.list_all()]
