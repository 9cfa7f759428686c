"""`acd stop`: stops the daemon."""

from __future__ import annotations

import os
import select
import time
from typing import Final

import click

from acd import paths
from acd.cli.result import Result
from acd.client.blocking import Client, ConnectionLost
from acd.errors import AcdError, NotRunning
from acd.protocol import Err, Info, Ok, Stop
from acd.system import runtime_dir

STOP_SECONDS: Final = 10.0
"""An orderly stop takes at most half a second."""


@click.command(short_help="Stop the daemon; no state is lost.")
def stop() -> Result:
    """Stop the daemon and wait until its process has ended.

    No state is lost: the next event or command starts the daemon again, and it
    restores the sessions.
    """
    if not runtime_dir.is_running(paths.socket_path(os.environ)):
        return Result("not running")
    try:
        with Client.connect(os.environ, start=False) as client:
            has_ended = _stop(client, time.monotonic() + STOP_SECONDS)
    except NotRunning:
        has_ended = True
    if not has_ended:
        raise AcdError(
            f"the daemon has not stopped after {STOP_SECONDS:g} s",
            hint="acd status shows its process id",
        )
    return Result("stopped")


def _stop(client: Client, deadline: float) -> bool:
    """Sends STOP; returns whether the daemon's process has ended by the deadline."""
    process = None
    try:
        process = _process(client)
        if isinstance(reply := client.request(Stop()), Err):
            raise AcdError(reply.text)
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
    reply = client.request(Info())
    try:
        return os.pidfd_open(reply.json()["pid"]) if isinstance(reply, Ok) else None
    except (AttributeError, OSError):
        return None
