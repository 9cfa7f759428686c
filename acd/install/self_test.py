"""The last step of an installation: a request to the daemon, and an event by the hook."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from acd import __version__, paths
from acd.client import control
from acd.client.blocking import Client, ask
from acd.errors import AcdError, NotRunning
from acd.protocol import Delete, Info, Subscribe, Update
from acd.system import programs
from acd.system.environment import minimal, socket_variables

_ARRIVAL_SECONDS: Final = 5.0


@dataclass(frozen=True)
class SelfTest:
    """Checks that this version's daemon answers, and that an event of the hook reaches it."""

    environ: Mapping[str, str]
    start: bool
    """Whether to start the daemon, because no service manager does."""
    hook: str | None = None
    """The hook's command, where one was installed."""
    event: str | None = None
    """An event of the hook that creates a session."""

    def describe(self) -> str:
        way = "run the hook once with an event of a throw-away session" if self.hook else "query it"
        return f"check that the daemon answers: {way}"

    def execute(self) -> str:
        try:
            info = control.read_info(ask(self.environ, Info(), start=self.start))
        except NotRunning as error:
            raise AcdError(
                f"the service does not start: {error.message}",
                hint="acd doctor shows why; or do without it: acd install --no-service",
            ) from None
        if info.get("version") != __version__:
            raise AcdError(
                f"the daemon that answers is version {info.get('version')}, not {__version__}",
                hint="end it (acd stop) and run this again",
            )
        if self.hook is not None and self.event is not None:
            self._send_event(self.hook, self.event)
        socket = paths.socket_path(self.environ)
        return f"Tested: acd {__version__} answers at {socket} ({info.get('activation')})"

    def _send_event(self, command: str, event: str) -> None:
        session = f"acd-install-{os.getpid()}"
        payload = {"session_id": session, "hook_event_name": event, "cwd": "/", "prompt": ""}
        with Client.connect(self.environ, start=False) as client:
            client.request(Subscribe(passive=True))
            answer = programs.run(
                ["/bin/sh", "-c", command],
                # Without CLAUDE_PID and the like: an agent may be running the installer.
                environ=minimal(self.environ) | socket_variables(self.environ),
                stdin=json.dumps(payload),
                timeout=_ARRIVAL_SECONDS,
            )
            if answer is None or answer.status or answer.output or answer.errors:
                text = f"{answer.output}{answer.errors}".strip() if answer else "it did not end"
                raise AcdError(f"the hook failed: {text}", hint="run install.sh again")
            # The hook does not wait for a reply, so its line may still be under way.
            pushes = client.pushes(deadline=time.monotonic() + _ARRIVAL_SECONDS)
            if not any(isinstance(push, Update) and push.session_id == session for push in pushes):
                raise AcdError(
                    "the hook ran, and its event did not reach the daemon",
                    hint=f"see who may enter {paths.socket_path(self.environ).parent}: ls -ld",
                )
        ask(self.environ, Delete(session), start=False)
