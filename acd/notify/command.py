"""A command of the user's own, run for a wait and, if wanted, for its end.

Responsible for what it is given (facts in its environment, the session as JSON
on its standard input) and for its end. There is no shell. It refuses to know
when it is run.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from acd.errors import AcdError
from acd.notify.message import Event, facts
from acd.sessions.values import Json

SECONDS: Final = 10.0
"""Until it is killed, with what it has started: a later wait must not be kept waiting."""


def run(
    command: Sequence[str],
    event: Event,
    session: Json,
    environ: Mapping[str, str],
    *,
    seconds: float = SECONDS,
) -> None:
    """Runs it to its end. Raises AcdError when it cannot be, fails, or takes too long."""
    try:
        process = subprocess.Popen(  # noqa: S603 - it is what the user configured
            command,
            env={**environ, **facts(event, session)},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise AcdError(f"notify.command: cannot run {command[0]}: {reason}") from None
    try:
        process.communicate(json.dumps({**session, "event": event}).encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise AcdError(
            f"notify.command: {command[0]} was killed: it took longer than {seconds:g} s"
        ) from None
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        raise AcdError(f"notify.command: {command[0]} failed with status {process.returncode}")
