"""A command of the user's own, run for a wait and, if wanted, for its end.

Responsible for what it is given (facts in its environment, the session as JSON
on its standard input) and for its end. There is no shell. It refuses to know
when it is run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from acd.errors import AcdError
from acd.notify.message import Event, facts
from acd.sessions.values import Json
from acd.system import programs

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
        done = programs.execute(
            command,
            environ={**environ, **facts(event, session)},
            stdin=json.dumps({**session, "event": event}),
            timeout=seconds,
            captures=False,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise AcdError(f"notify.command: cannot run {command[0]}: {reason}") from None
    except programs.TimeoutExpired:
        raise AcdError(
            f"notify.command: {command[0]} was killed: it took longer than {seconds:g} s"
        ) from None
    if done.status:
        raise AcdError(f"notify.command: {command[0]} failed with status {done.status}")
