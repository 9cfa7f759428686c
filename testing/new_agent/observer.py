"""Tinker's observer: it writes a session's state into `<config dir>/<session>.state`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from acd.agents.observer import OnObservation, WatchTarget
from acd.sessions.signals import OBSERVER, Observation
from acd.system import clock
from acd.system.inotify import InotifyWatch


class TinkerObserver:
    """Reports `rest` in the state files of the followed sessions (AgentObserver)."""

    version = None

    def __init__(self, loop: asyncio.AbstractEventLoop, on_observation: OnObservation):
        self._on_observation = on_observation
        self._watch = InotifyWatch(loop, self._written)
        self._sessions: set[str] = set()

    def follow(self, target: WatchTarget) -> None:
        """Watches the session's file."""
        if target.config_dir is not None:
            self._sessions.add(target.session_id)
            self._watch.watch(Path(target.config_dir))

    take_up = follow

    def forget(self, session_id: str) -> None:
        """Ignores the session's file from now on."""
        self._sessions.discard(session_id)

    def close(self) -> None:
        """Ends all watching."""
        self._watch.close()

    def _written(self, directory: Path, name: str) -> None:
        session_id = name.removesuffix(".state")
        if session_id in self._sessions and (directory / name).read_text() == "rest":
            observation = Observation(OBSERVER, "IDLE", "rest", clock.now().wall)
            self._on_observation(session_id, observation)
