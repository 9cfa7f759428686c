"""`acd replay`: shows the status changes that a recording leads to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TextIO

import click

from acd.agents.catalog import TRANSLATOR
from acd.cli.result import Result
from acd.errors import AcdError
from acd.sessions import recording
from acd.sessions.records import BadRecord
from acd.sessions.session import Session
from acd.sessions.values import NS
from acd.text import moment


@click.command(short_help="Show how acd interprets a recording.")
@click.argument("file", type=click.File(encoding="utf-8"))
def replay(file: TextIO) -> Iterator[Result]:
    """Replay a recording of acd record, and print each change of a session's status."""
    statuses: dict[str, str] = {}
    try:
        lines = (part.rstrip("\n") for part in file)
        for now, line, store in recording.replay(lines, TRANSLATOR):
            is_recorded = line.partition(" ")[0] == "SESSION"
            for session in store.list_all():
                if (before := statuses.get(session.id, "new")) != session.status:
                    statuses[session.id] = session.status
                    why = "as recorded" if is_recorded else _newest_evidence(session)
                    at = moment(now.wall / NS, time.time())
                    yield Result(f"{at}  {session.id}  {before} → {session.status}  ({why})")
    except (BadRecord, UnicodeDecodeError) as error:
        raise AcdError(
            f"{file.name} cannot be replayed: {error}", hint="name a file that acd record wrote"
        ) from None


def _newest_evidence(session: Session) -> str:
    log = session.evidence_log
    what = log[-1].what if log and session.evidence != "set" else ""
    return f"{session.evidence} {what}".rstrip()
