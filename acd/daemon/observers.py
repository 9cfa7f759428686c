"""What is seen of an agent, joined to the sessions it belongs to.

Responsible for which processes and which of an agent's own files are watched
(those of open sessions of this machine, and no others) and for passing what
they tell to the store, with its time. It refuses to know what that changes
(sessions/corrections.py), how it is watched (its siblings), and any agent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

from acd.agents.catalog import AGENTS
from acd.agents.observer import AgentObserver, Place
from acd.sessions.corrections import Source
from acd.sessions.events import HookEvent
from acd.sessions.processes import Process
from acd.sessions.records import correction_record
from acd.sessions.session import Session
from acd.sessions.status import CLOSED, QUESTION
from acd.sessions.store import Change, Store
from acd.sessions.values import Now
from acd.system.process import SHELLS, ProcessWatch, arguments, began_after

log = logging.getLogger("acd.evidence")


class _Isolated:
    """An agent's source whose faults are logged: one session's watch fails, and nothing else."""

    def __init__(self, source: AgentObserver):
        self._source = source

    @property
    def version(self) -> str | None:
        return self._source.version

    def follow(self, place: Place) -> None:
        try:
            self._source.follow(place)
        except Exception:
            log.exception("session %s cannot be watched", place.session_id)

    def take_up(self, place: Place) -> None:
        try:
            self._source.take_up(place)
        except Exception:
            log.exception("session %s cannot be watched", place.session_id)

    def forget(self, session_id: str) -> None:
        try:
            self._source.forget(session_id)
        except Exception:
            log.exception("the watch of session %s cannot be ended", session_id)

    def close(self) -> None:
        self._source.close()


class Evidence:
    """The evidence beside the hooks. `apply` gets what changed, and the record of it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        store: Store,
        clock: Callable[[], Now],
        apply: Callable[[list[Change], list[str], Now], None],
    ):
        self._loop = loop
        self._store = store
        self._clock = clock
        self._apply = apply
        self._processes = ProcessWatch(loop, self._ended)
        self._sources: dict[str, AgentObserver] = {}

    def clients(self) -> dict[str, str]:
        """The newest version met of each agent's program, where its evidence tells one."""
        return {
            agent: version
            for agent, source in self._sources.items()
            if (version := source.version) is not None
        }

    def recheck(self) -> None:
        """After a start: who ended meanwhile is closed, the others are watched again."""
        for session in list(self._store.list_all()):
            if session.status == CLOSED or session.host is not None:
                continue
            try:
                self._recheck(session)
            except Exception:
                # A bug that one session shows must not keep the daemon from starting.
                log.exception("session %s cannot be looked at", session.id)

    def _recheck(self, session: Session) -> None:
        if session.pid is not None:
            found = self._processes.watch(session.pid)
            if found is None or session.pid_start not in {None, found.start}:
                self._correct(session, "process", "ended", self._clock().wall)
                return
        if (source := self._source(session.agent_type)) is not None:
            place = Place(session.id, session.pid, session.config_dir, session.transcript)
            source.take_up(place)
            for subagent, transcript in session.asking().items():
                source.follow(place._replace(subagent=subagent, transcript=transcript))

    def observe(self, event: HookEvent) -> HookEvent:
        """Completes an event of this machine with its process, and watches that from now on."""
        if event.host is not None:
            return event
        event = _told_by_itself(event)
        session = self._store.sessions.get(event.session)
        creates = session is None and event.status is not None
        is_open = session is not None and (session.status != CLOSED or event.revives)
        if event.name == "SessionEnd" or not (creates or is_open):
            return event
        event = self._with_process(event)
        if (source := self._source(event.agent)) is not None:
            # A subagent's file is of interest for what it asks alone.
            asks = event.subagent is None or event.status == QUESTION
            transcript = event.transcript if asks else None
            source.follow(
                Place(event.session, event.pid, event.config_dir, transcript, event.subagent)
            )
        return event

    def _with_process(self, event: HookEvent) -> HookEvent:
        pid = event.pid or event.parent
        if pid is None:
            return event
        found = self._processes.watch(pid)
        now = self._clock()
        if found is None:
            # It ended before its event came, and may never have been seen:
            # that alone proves nothing of the session, and is left to hooks.
            return event
        another = began_after(found, event.at or now.wall, now)
        if another or (event.pid is None and found.name in SHELLS):
            self.release(pid)
            return replace(event, pid=None)
        return replace(event, pid=pid, pid_start=found.start)

    def changed(self, changes: list[Change]) -> None:
        """Lets go of what only closed sessions had to do with."""
        for change in changes:
            session = change.session
            if change.kind == "update" and session.status != CLOSED:
                continue
            for source in self._sources.values():
                source.forget(session.id)
            if session.pid is not None:
                self.release(session.pid)

    def release(self, pid: int) -> None:
        """Ends the watching of a process that no open session runs in."""
        there = self._store.sessions_of(Process(None, pid))
        if all(other.status == CLOSED for other in there):
            self._processes.unwatch(pid)

    def close(self) -> None:
        """Ends all watching."""
        self._processes.close()
        for source in self._sources.values():
            source.close()

    def _source(self, agent: str) -> AgentObserver | None:
        """The agent's own evidence, made when the first of its sessions is met."""
        if agent in self._sources:
            return self._sources[agent]
        if agent not in AGENTS or (path := AGENTS[agent].evidence) is None:
            return None
        module, _, name = path.partition(":")
        source = _Isolated(getattr(import_module(module), name)(self._loop, self._says))
        self._sources[agent] = source
        return source

    def _ended(self, pid: int, start: int) -> None:
        for session in self._store.sessions_of(Process(None, pid)):
            if session.pid_start in {None, start}:
                self._correct(session, "process", "ended", self._clock().wall)

    def _says(
        self, session_id: str, source: Source, word: str, at: int, subagent: str | None = None
    ) -> None:
        session = self._store.sessions.get(session_id)
        if session is not None and session.status != CLOSED:
            self._correct(session, source, word, at, subagent)

    def _correct(
        self, session: Session, source: Source, says: str, at: int, subagent: str | None = None
    ) -> None:
        now = self._clock()
        changes = self._store.correct(session.id, source, says, at, now, subagent=subagent)
        self._apply(changes, [correction_record(session.id, source, says, at, subagent)], now)


def _told_by_itself(event: HookEvent) -> HookEvent:
    """The event, without what its hook saw of a process that serves many terminals.

    Where an agent knows such processes and the arguments cannot be read, it
    may be one.
    """
    agent = AGENTS.get(event.agent)
    pid = event.pid or event.parent
    if agent is None or not agent.servers or pid is None:
        return event
    words = arguments(pid)
    if words is None or agent.servers.intersection(words):
        return replace(event, pid=None, parent=None, terminal=None)
    if event.attended is None and agent.unattended.intersection(words):
        return replace(event, attended=False)
    return event
