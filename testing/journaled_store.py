"""A store, its commands and its journal, without a process around them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from acd.daemon.commands import Commands
from acd.daemon.journal import Journal
from acd.protocol import parse_request
from acd.sessions.metadata import Refused
from acd.sessions.records import session_record
from acd.sessions.store import Store
from acd.sessions.values import NS, Now

BOOT = "11111111-2222-3333-4444-555555555555"


def ticks(seconds: float = 1.5) -> Iterator[Now]:
    """Moments, one after the other."""
    step = int(seconds * NS)
    for number in itertools.count(1):
        yield Now(1_700_000_000 * NS + number * step, 5_000 * NS + number * step)


class Kept:
    """What a daemon does with lines, up to the file."""

    def __init__(self, path: Path, boot: str = BOOT):
        self.path = path
        self.store = Store()
        self.journal = Journal(path, boot, self.store)
        self.commands = Commands(self.store, local_host="here", is_dir=lambda path: True)
        self.now = ticks()
        self.journal.load()

    def do(self, *lines: str) -> list[str]:
        """Serves lines as one turn; returns their replies."""
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
        """Everything, exactly, in the order of LIST."""
        return [session_record(session) for session in self.store.list_all()]

    @property
    def expiring(self) -> list[str]:
        """The closed sessions in the order in which they will go."""
        return list(self.store._closed)

    def again(self, path: Path | None = None) -> Kept:
        """What the next daemon makes of the file."""
        return Kept(path or self.path)


def wire(kept: Kept) -> list[dict[str, Any]]:
    """The sessions as GET shows them, at a fixed moment."""
    now = Now(1_800_000_000 * NS, 9_000 * NS)
    return [session.to_wire_whole(now) for session in kept.store.list_all()]
