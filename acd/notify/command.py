"""Runs the user's own notification command (`notify.command`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from acd.errors import AcdError
from acd.sessions.values import Json
from acd.system import programs
from acd.text import one_line

COMMAND_SECONDS: Final = 10.0
"""The time limit of one run. Other notifications wait meanwhile."""

CommandEvent = Literal["waiting", "over"]
"""Why the command runs: a session needs the user, or no longer does."""


def run(
    command: Sequence[str],
    event: CommandEvent,
    session: Json,
    environ: Mapping[str, str],
    *,
    seconds: float = COMMAND_SECONDS,
) -> None:
    """Runs the command without a shell and waits for its end.

    Its environment has the facts of `_facts`, its standard input the session as JSON. After
    `seconds` its process group is killed. Raises AcdError when it cannot be run, fails, or
    exceeds the time limit.
    """
    try:
        done = programs.execute(
            command,
            environ={**environ, **_facts(event, session)},
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


def _facts(event: CommandEvent, session: Json) -> dict[str, str]:
    """The variables of docs/notifications.md: one printable line each, empty if not known."""
    return {
        "ACD_EVENT": event,
        "ACD_SESSION": session["id"],
        "ACD_STATUS": session["status"],
        "ACD_NAME": one_line(session["display_name"]),
        "ACD_DIRECTORY": one_line(session.get("working_dir") or ""),
        "ACD_PROMPT": one_line(session.get("prompt") or ""),
    }
