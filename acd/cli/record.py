"""`acd record` and `acd replay`: evidence for a bug report, and what it shows.

Responsible for the file that a user attaches. It refuses to know what a
recording holds (acd/sessions/recording.py).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

import click

from acd.agents.catalog import TRANSLATOR
from acd.cli import render
from acd.client.blocking import Client, ConnectionLost, ask
from acd.errors import AcdError, DaemonRefused
from acd.protocol import Err, Recorded
from acd.sessions import recording
from acd.sessions.records import BadRecord
from acd.sessions.session import Session
from acd.sessions.values import NS


@click.command(short_help="Write the evidence as it arrives into FILE, for a bug report.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def record(file: Path) -> None:
    """Write the evidence as it arrives into FILE, until you end it with Ctrl-C.

    Do what goes wrong meanwhile, then attach the file to your report. It holds
    ids, directories and times, and nothing of what you or the agent said.
    `acd replay FILE` shows what acd makes of it.
    """
    ask(os.environ, "PING")  # starts a daemon where none answers, and tries again
    try:
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise AcdError(f"{file} is there already", hint="name a new file") from None
    except OSError as error:
        raise AcdError(f"cannot write {file}: {error.strerror}") from None
    with (
        os.fdopen(fd, "w", encoding="utf-8", buffering=1) as out,
        Client.connect(os.environ) as client,
    ):
        reply = client.request("RECORD")
        if isinstance(reply, Err):
            raise DaemonRefused(reply.text)
        out.write(recording.opening() + "\n")
        click.echo(f"recording into {file}; Ctrl-C ends it", err=True)
        try:
            for message in client.pushes():
                if isinstance(message, Err):
                    raise DaemonRefused(message.text)
                if isinstance(message, Recorded):
                    out.write(message.line + "\n")
        except ConnectionLost:
            click.echo("the daemon has stopped, and with it the recording", err=True)


@click.command(short_help="Show what acd makes of a recording.")
@click.argument("file", type=click.File(encoding="utf-8"))
def replay(file: TextIO) -> None:
    """Feed a recording to acd's core, and print how each session's status changed."""
    seen: dict[str, str] = {}
    try:
        lines = (part.rstrip("\n") for part in file)
        for now, line, store in recording.replay(lines, TRANSLATOR):
            verb = line.partition(" ")[0]
            for session in store.list_all():
                if seen.get(session.id) != session.status:
                    before = seen.get(session.id, "new")
                    seen[session.id] = session.status
                    why = "as recorded" if verb == "SESSION" else _last(session)
                    at = render.moment(now.wall / NS)
                    render.write(f"{at}  {session.id}  {before} → {session.status}  ({why})")
    except (BadRecord, UnicodeDecodeError) as error:
        raise AcdError(
            f"{file.name} cannot be replayed: {error}", hint="name a file that acd record wrote"
        ) from None


def _last(session: Session) -> str:
    what = (
        session.evidence_log[-1].what if session.evidence_log and session.evidence != "set" else ""
    )
    return f"{session.evidence} {what}".rstrip()
