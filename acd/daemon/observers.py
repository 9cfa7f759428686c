"""Watches the processes and the files of open sessions on this machine, for signals.

What a signal changes is in acd/sessions/; what is watched of an agent is in its observer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

from acd.agents.catalog import AGENTS
from acd.agents.observer import AgentObserver, WatchTarget
from acd.sessions.events import HookEvent
from acd.sessions.processes import Process
from acd.sessions.records import observation_record
from acd.sessions.session import Session
from acd.sessions.signals import Observation, process_ended
from acd.sessions.status import CLOSED, QUESTION
from acd.sessions.store import Change, Store
from acd.sessions.values import Now
from acd.system.process import SHELLS, ProcessWatch, arguments, began_after

log = logging.getLogger("acd.observers")


class ObserverManager:
    """The process watch and the agents' observers; `apply` gets changes and their records."""

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
        self._observers: dict[str, AgentObserver] = {}

    def clients(self) -> dict[str, str]:
        """The newest version of each agent's program that its observer found."""
        return {
            agent: version
            for agent, observer in self._observers.items()
            if (version := observer.version) is not None
        }

    def recheck(self) -> None:
        """After a start: closes the sessions whose process ended, and watches the others."""
        for session in list(self._store.list_all()):
            if session.status != CLOSED and session.host is None:
                # A bug that one session triggers must not keep the daemon from starting.
                with _logged_faults(session.id):
                    self._recheck(session)

    def _recheck(self, session: Session) -> None:
        if session.pid is not None:
            found = self._processes.watch(session.pid)
            if found is None or session.pid_start not in {None, found.start}:
                self._observed(session.id, process_ended(self._clock().wall))
                return
        if (observer := self._observer(session.agent_type)) is not None:
            target = WatchTarget(session.id, session.pid, session.config_dir, session.transcript)
            observer.take_up(target)
            for subagent, transcript in session.asking().items():
                observer.follow(target._replace(subagent=subagent, transcript=transcript))

    def observe(self, event: HookEvent) -> HookEvent:
        """Adds its process to an event of this machine, and watches the session from now on."""
        if event.host is not None:
            return event
        event = _without_shared_process(event)
        session = self._store.sessions.get(event.session)
        creates = session is None and event.status is not None
        is_open = session is not None and (session.status != CLOSED or event.signal.resumed)
        if event.signal.kind == "ENDED" or not (creates or is_open):
            return event
        event = self._with_process(event)
        if (observer := self._observer(event.agent)) is not None:
            # A subagent's file is of interest only while its question is open.
            asks = event.subagent is None or event.status == QUESTION
            transcript = event.transcript if asks else None
            target = WatchTarget(
                event.session, event.pid, event.config_dir, transcript, event.subagent
            )
            with _logged_faults(event.session):
                observer.follow(target)
        return event

    def _with_process(self, event: HookEvent) -> HookEvent:
        pid = event.pid or event.parent
        if pid is None:
            return event
        found = self._processes.watch(pid)
        now = self._clock()
        if found is None:
            # The process ended before its event arrived. That alone does not close the
            # session: its other hooks may still arrive.
            return event
        another = began_after(found, event.at or now.wall, now)
        if another or (event.pid is None and found.name in SHELLS):
            self.release(pid)
            return event._replace(pid=None)
        return event._replace(pid=pid, pid_start=found.start)

    def changed(self, changes: list[Change]) -> None:
        """Ends the watching of sessions that were closed or removed."""
        for change in changes:
            session = change.session
            if change.kind == "update" and session.status != CLOSED:
                continue
            for observer in self._observers.values():
                with _logged_faults(session.id):
                    observer.forget(session.id)
            if session.pid is not None:
                self.release(session.pid)

    def release(self, pid: int) -> None:
        """Ends the watching of a process without an open session."""
        sessions = self._store.sessions_of(Process(None, pid))
        if all(session.status == CLOSED for session in sessions):
            self._processes.unwatch(pid)

    def close(self) -> None:
        """Ends all watching."""
        self._processes.close()
        for observer in self._observers.values():
            observer.close()

    def _observer(self, agent: str) -> AgentObserver | None:
        """The agent's observer, made for its first session; None where it has none."""
        if agent in self._observers:
            return self._observers[agent]
        if agent not in AGENTS or (path := AGENTS[agent].observer) is None:
            return None
        module, _, name = path.partition(":")
        made: AgentObserver = getattr(import_module(module), name)(self._loop, self._on_observation)
        self._observers[agent] = made
        return made

    def _ended(self, pid: int, start: int) -> None:
        for session in self._store.sessions_of(Process(None, pid)):
            if session.pid_start in {None, start}:
                self._observed(session.id, process_ended(self._clock().wall))

    def _on_observation(self, session_id: str, observation: Observation) -> None:
        session = self._store.sessions.get(session_id)
        if session is not None and session.status != CLOSED:
            self._observed(session_id, observation)

    def _observed(self, session_id: str, observation: Observation) -> None:
        now = self._clock()
        changes = self._store.apply_observation(session_id, observation, now)
        self._apply(changes, [observation_record(session_id, observation)], now)


@contextmanager
def _logged_faults(session_id: str) -> Iterator[None]:
    """Logs the exceptions of an observer: a bug must not end the daemon or another's watch."""
    try:
        yield
    except Exception:
        log.exception("session %s cannot be watched", session_id)


def _without_shared_process(event: HookEvent) -> HookEvent:
    """The event without pid and terminal, where its process serves many terminals.

    An agent with such processes counts one with unreadable arguments among them.
    """
    agent = AGENTS.get(event.agent)
    pid = event.pid or event.parent
    if agent is None or not agent.servers or pid is None:
        return event
    words = arguments(pid)
    if words is None or agent.servers.intersection(words):
        return event._replace(pid=None, parent=None, terminal=None)
    if event.attended is None and agent.unattended.intersection(words):
        return event._replace(attended=False)
    return event
