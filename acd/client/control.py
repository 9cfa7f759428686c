"""Queries the daemon that runs, and stops it; starts none."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Mapping
from typing import Any, Final

from acd import paths
from acd.client.blocking import Client, ConnectionLost
from acd.errors import AcdError, DaemonRefused, NotRunning
from acd.protocol import Err, Info, Ok, Reply, Stop
from acd.system import runtime_dir

STOP_SECONDS: Final = 10.0
"""An orderly stop takes at most half a second."""


def info(environ: Mapping[str, str]) -> dict[str, Any] | None:
    """Returns the reply to INFO; None if no daemon runs. Raises AcdError."""
    # Without this check, a connection would have the service manager start a daemon.
    if not runtime_dir.is_running(paths.socket_path(environ)):
        return None
    try:
        with Client.connect(environ, start=False) as client:
            return read_info(client.request(Info()))
    except (ConnectionLost, NotRunning):  # it has just stopped
        return None


def read_info(reply: Reply) -> dict[str, Any]:
    """Returns the facts in a reply to INFO. Raises DaemonRefused for ERR."""
    if isinstance(reply, Err):
        raise DaemonRefused(reply.text)
    facts: dict[str, Any] = reply.json() if isinstance(reply, Ok) else {}
    return facts


def stop(environ: Mapping[str, str]) -> None:
    """Stops the daemon that serves the socket, if any, and waits for its process's end.

    Raises AcdError, also when the daemon does not end within STOP_SECONDS.
    """
    deadline = time.monotonic() + STOP_SECONDS
    try:
        with Client.connect(environ, start=False) as client:
            has_ended = _stop(client, deadline)
    except NotRunning:
        return
    if not has_ended:
        raise AcdError(
            f"the daemon at {paths.socket_path(environ)} has not stopped after {STOP_SECONDS:g} s",
            hint="end its process; acd status shows its process id",
        )


def _stop(client: Client, deadline: float) -> bool:
    """Sends STOP; returns whether the daemon's process has ended by the deadline."""
    process = None
    try:
        process = _process(client)
        if isinstance(reply := client.request(Stop()), Err):
            raise DaemonRefused(reply.text)
        for _ in client.pushes(deadline=deadline):
            pass
        return False
    except ConnectionLost:
        if process is None:
            return True
        remaining = max(0.0, deadline - time.monotonic())
        return bool(select.select([process], [], [], remaining)[0])
    finally:
        if process is not None:
            os.close(process)


def _process(client: Client) -> int | None:
    """A descriptor that becomes readable when the daemon's process ends (pidfd_open(2)).

    None where that is not available: on macOS, and in another pid namespace.
    """
    facts = read_info(client.request(Info()))
    try:
        return os.pidfd_open(facts["pid"])
    except (AttributeError, KeyError, OSError):
        return None
