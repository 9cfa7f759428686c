"""Codex's observer: a session's rollouts, and the process that holds its writer lock.

It reads regular files that belong to the user, and writes and locks nothing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from acd.agents.codex.events import AGENT
from acd.agents.codex.rollout import Ending, RolloutWatch, Writer
from acd.agents.codex.writer_lock import THREAD_ID, OwnerWatch, lock_path, owners
from acd.agents.observer import OnObservation, WatchTarget
from acd.sessions.signals import OBSERVER, Observation, process_ended
from acd.system import clock


class CodexObserver:
    """Reports failed and interrupted turns, and the end of a shared process (AgentObserver)."""

    version: str | None = None  # every version has the same events

    def __init__(self, loop: asyncio.AbstractEventLoop, on_observation: OnObservation):
        self._on_observation = on_observation
        self._rollouts = RolloutWatch(loop, self._turn_ended)
        self._owners = OwnerWatch(loop, self._process_ended)

    def follow(self, target: WatchTarget) -> None:
        """Begins to watch the session's rollout, and the process that has it loaded."""
        if target.transcript is None or not target.transcript.startswith("/"):
            return
        if target.subagent is None or THREAD_ID.fullmatch(target.subagent):
            writer = Writer(target.session_id, target.subagent)
            self._rollouts.follow(writer, Path(target.transcript))
        if target.pid is None:
            self._owners.follow(target)
        else:
            self._owners.forget(target.session_id)  # ObserverManager watches this process

    def take_up(self, target: WatchTarget) -> None:
        """Follows a session that was not watched for a while; without its lock it has ended."""
        self.follow(target)
        if target.pid is None and target.transcript and target.session_id not in self._owners:
            lock = lock_path(target)
            if lock is not None and lock.parent.is_dir() and owners() is not None:
                self._process_ended(target.session_id)

    def forget(self, session_id: str) -> None:
        """Ends the watching of a session."""
        self._rollouts.forget(session_id)
        self._owners.forget(session_id)

    def close(self) -> None:
        """Ends all watching."""
        self._rollouts.close()
        self._owners.close()

    def _turn_ended(self, writer: Writer, ending: Ending) -> None:
        kind = AGENT.observations[ending.word]
        observation = Observation(OBSERVER, kind, ending.word, ending.at, writer.subagent)
        self._on_observation(writer.session_id, observation)

    def _process_ended(self, session_id: str) -> None:
        self._on_observation(session_id, process_ended(clock.now().wall))
