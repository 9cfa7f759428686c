"""The installer's words with a running daemon.

Responsible for ending one in order, and for the proof that what was installed
works. It refuses to know who started it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from acd import __version__, paths
from acd.client.blocking import Client, ConnectionLost, ask
from acd.errors import AcdError, NotRunning
from acd.protocol import Delete, Info, Ok, Stop, Subscribe, Update
from acd.system import activation, programs, runtime_dir
from acd.system.environment import minimal

_ARRIVAL_SECONDS: Final = 5.0
_END_SECONDS: Final = 10.0


def stop_daemon(environ: Mapping[str, str]) -> bool:
    """Ends the daemon that serves the socket, in order; whether there was one.

    Raises AcdError when it does not end.
    """
    path = paths.socket_path(environ)
    if not activation.is_served(path):
        return False
    try:
        with Client.connect(environ, start=False) as client:
            client.request(Stop())
            for _ in client.pushes(deadline=time.monotonic() + _END_SECONDS):
                pass
    except ConnectionLost:
        return True  # its last sign of life
    raise AcdError(
        f"the daemon at {path} does not end",
        hint="end its process (acd status tells which) and run this again",
    )


def met_version(environ: Mapping[str, str], agent: str) -> str | None:
    """The newest version of an agent's program that the running daemon has met, as INFO tells it.

    None if it has met none, if none runs or if it does not answer. Starts none. Raises nothing.
    """
    try:
        if not runtime_dir.is_running(paths.socket_path(environ)):
            return None
        reply = ask(environ, Info(), start=False)
    except AcdError:
        return None  # doctor and status tell about it
    met = reply.json().get("clients", {}).get(agent) if isinstance(reply, Ok) else None
    return met if isinstance(met, str) else None


@dataclass(frozen=True)
class EndDaemon:
    """A daemon that no service manager restarts, so that the next line starts this version."""

    environ: Mapping[str, str]

    def describe(self) -> str:
        return f"end the daemon at {paths.socket_path(self.environ)}, in order, if one runs"

    def execute(self) -> str | None:
        return "The running daemon has ended." if stop_daemon(self.environ) else None


@dataclass(frozen=True)
class SelfTest:
    """A round trip, through the hook as the agent will run it where one was installed."""

    environ: Mapping[str, str]
    hook: str | None
    """The hook's command."""
    start: bool
    """Whether the daemon is started from here, because no service manager does."""

    def describe(self) -> str:
        way = "run the hook once with an event of a throw-away session" if self.hook else "ask it"
        return f"see that the daemon answers: {way}"

    def execute(self) -> str:
        try:
            info = ask(self.environ, Info(), start=self.start)
        except NotRunning as error:
            raise AcdError(
                f"the service does not start: {error.message}",
                hint="acd doctor tells more; or do without it: acd install --no-service",
            ) from None
        told = info.json() if isinstance(info, Ok) else {}
        if told.get("version") != __version__:
            raise AcdError(
                f"the daemon that answers is version {told.get('version')}, not {__version__}",
                hint="end it (acd stop) and run this again",
            )
        if self.hook is not None:
            self._send_event(self.hook)
        socket = paths.socket_path(self.environ)
        return f"Tried: acd {__version__} answers at {socket} ({told.get('activation')})"

    def _send_event(self, command: str) -> None:
        session = f"acd-install-{os.getpid()}"
        event = {
            "session_id": session,
            "hook_event_name": "UserPromptSubmit",
            "cwd": "/",
            "prompt": "",
        }
        with Client.connect(self.environ, start=False) as client:
            client.request(Subscribe(passive=True))
            answer = programs.run(
                ["/bin/sh", "-c", command],
                # Not CLAUDE_PID and its like, should an agent run the installer.
                environ=minimal(self.environ) | _places(self.environ),
                stdin=json.dumps(event),
                timeout=_ARRIVAL_SECONDS,
            )
            if answer is None or answer.status or answer.output or answer.errors:
                said = f"{answer.output}{answer.errors}".strip() if answer else "it did not end"
                raise AcdError(f"the hook failed: {said}", hint="run install.sh again")
            # The hook does not wait for an answer, so its line may still be under way.
            pushes = client.pushes(deadline=time.monotonic() + _ARRIVAL_SECONDS)
            if not any(isinstance(push, Update) and push.session_id == session for push in pushes):
                raise AcdError(
                    "the hook ran, and its event did not reach the daemon",
                    hint=f"see who may enter {paths.socket_path(self.environ).parent}: ls -ld",
                )
        ask(self.environ, Delete(session), start=False)


def _places(environ: Mapping[str, str]) -> dict[str, str]:
    """What leads to the socket."""
    return {
        name: value
        for name, value in environ.items()
        if name == "ACD_SOCKET" or name.startswith("XDG_")
    }
