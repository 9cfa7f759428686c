"""`acd record`: writes incoming evidence to a file, for a bug report."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from acd.cli.result import Result
from acd.client.blocking import Client, ConnectionLost, ask
from acd.errors import AcdError, DaemonRefused
from acd.protocol import Err, Ping, Record, Recorded
from acd.sessions import recording


@click.command(short_help="Record the incoming evidence to a file, for a bug report.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def record(file: Path) -> Iterator[Result]:
    """Record the incoming evidence to the new file FILE, until Ctrl-C.

    Reproduce the problem meanwhile, then attach the file to your report. It
    holds ids, directories and times, but no text of yours or the agent's.
    acd replay FILE shows how acd interprets it.
    """
    ask(os.environ, Ping())  # starts the daemon if none runs
    try:
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise AcdError(f"{file} exists already", hint="give the name of a new file") from None
    except OSError as error:
        raise AcdError(f"cannot write {file}: {error.strerror}") from None
    with (
        os.fdopen(fd, "w", encoding="utf-8", buffering=1) as out,
        Client.connect(os.environ) as client,
    ):
        reply = client.request(Record())
        if isinstance(reply, Err):
            raise DaemonRefused(reply.text)
        out.write(recording.opening() + "\n")
        yield Result(notices=[f"recording to {file}; Ctrl-C ends it"])
        try:
            for message in client.pushes():
                if isinstance(message, Err):
                    raise DaemonRefused(message.text)
                if isinstance(message, Recorded):
                    out.write(message.text + "\n")
        except ConnectionLost:
            yield Result(notices=["the daemon has stopped, and the recording has ended"])
