"""What is seen of an agent, joined to the sessions it belongs to.

Responsible for which processes and registry files are watched (those of open
sessions of this machine, and no others) and for passing what they tell to the
store, with its time. It refuses to know what that changes
(core/corrections.py) and how it is watched (its siblings).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from acd.core.corrections import Source
from acd.core.events import HookEvent
from acd.core.record import correction_record
from acd.core.session import Now, Session
from acd.core.status import CLOSED
from acd.core.store import Change, Process, Store
from acd.watch.process import SHELLS, ProcessWatch, began_after
from acd.watch.registry import Entry, RegistryWatch


class Evidence:
    """The evidence beside the hooks. `apply` gets what changed, and the record of it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        store: Store,
        clock: Callable[[], Now],
        apply: Callable[[list[Change], list[str], Now], None],
    ):
        self._store = store
        self._clock = clock
        self._apply = apply
        self._processes = ProcessWatch(loop, self._ended)
        self._registry = RegistryWatch(loop, self._says)
        self._last: dict[str, Entry] = {}

    def recheck(self) -> None:
        """After a start: who ended meanwhile is closed, the others are watched again."""
        for session in list(self._store.list_all()):
            if session.status == CLOSED or session.pid is None or session.host is not None:
                continue
            found = self._processes.follow(session.pid)
            if found is None or session.pid_start not in {None, found.start}:
                self._correct(session, "process", "ended", self._clock().wall)
            else:
                self._follow_registry(session.config_dir, session.agent_type, session.pid)

    def observe(self, event: HookEvent) -> HookEvent:
        """Completes an event of this machine with its process, and watches that from now on."""
        if event.host is not None:
            return event
        pid = event.pid or event.parent
        if pid is None or event.name == "SessionEnd":
            return event
        found = self._processes.follow(pid)
        now = self._clock()
        if found is None:
            # It ended before its event came, and may never have been seen:
            # that alone proves nothing of the session, and is left to hooks.
            return event
        another = began_after(found, event.at or now.wall, now)
        if another or (event.pid is None and found.name in SHELLS):
            self.release(pid)
            return replace(event, pid=None)
        self._follow_registry(event.config_dir, event.agent, pid)
        return replace(event, pid=pid, pid_start=found.start)

    def changed(self, changes: list[Change]) -> None:
        """Lets go of what only closed sessions had to do with."""
        for change in changes:
            session = change.session
            if session.pid is None or (change.kind == "update" and session.status != CLOSED):
                continue
            self._last.pop(session.id, None)
            self.release(session.pid)

    def release(self, pid: int) -> None:
        """Ends the watching of a process that no open session runs in."""
        there = self._store.sessions_of(Process(None, pid))
        if all(other.status == CLOSED for other in there):
            self._processes.forget(pid)
            self._registry.forget(pid)

    def close(self) -> None:
        """Ends all watching."""
        self._processes.close()
        self._registry.close()

    def _follow_registry(self, config_dir: str | None, agent: str, pid: int) -> None:
        if agent == "claude-code" and config_dir is not None and config_dir.startswith("/"):
            self._registry.follow(config_dir, pid)

    def _ended(self, pid: int, start: int) -> None:
        for session in self._store.sessions_of(Process(None, pid)):
            if session.pid_start in {None, start}:
                self._correct(session, "process", "ended", self._clock().wall)

    def _says(self, entry: Entry) -> None:
        session = self._store.sessions.get(entry.session_id)
        if session is None or session.status == CLOSED or session.pid != entry.pid:
            return
        if self._last.get(session.id) != entry:
            self._last[session.id] = entry
            self._correct(session, "registry", entry.status, entry.at)

    def _correct(self, session: Session, source: Source, says: str, at: int) -> None:
        now = self._clock()
        changes = self._store.correct(session.id, source, says, at, now)
        self._apply(changes, [correction_record(session.id, source, says, at)], now)
