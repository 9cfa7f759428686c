"""`acd resurrect`: a closed session goes on, in this terminal.

Responsible for becoming the agent's process, in the session's directory and
never through a shell; if that fails, the session is closed again. It refuses
to know how an agent is resumed.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import NoReturn

import click

from acd.agents.catalog import resume_argv
from acd.cli import render
from acd.cli.identify import find, not_empty
from acd.client.blocking import ask
from acd.errors import AcdError, DaemonRefused
from acd.protocol import Ok
from acd.sessions.values import Json
from acd.text import one_line, printable


@click.command(short_help="Take a closed session up again, in this terminal.")
@click.argument("session", metavar="ID", callback=not_empty)
@click.option(
    "--print",
    "only_print",
    is_flag=True,
    help="Only show the command for a shell; the session stays closed.",
)
def resurrect(session: str, only_print: bool) -> None:
    """Take a closed session up again: run its agent in its directory, in this terminal."""
    found = find(os.environ, session)
    if only_print:
        render.write(_shell_command(found))
        return
    try:
        reply = ask(os.environ, f"RESURRECT {found['id']}")
    except DaemonRefused as refused:
        raise _explained(refused.message, found) from None
    answer = reply.json() if isinstance(reply, Ok) else {}
    _become(found["id"], answer["argv"], answer["cwd"])


def _become(session_id: str, argv: list[str], cwd: str) -> NoReturn:
    sys.stdout.flush()
    what = f"enter {cwd}"
    try:
        # What the daemon says is UTF-8, whatever this terminal's locale.
        os.chdir(cwd.encode())
        what = f"run {argv[0]}"
        words = [word.encode() for word in argv]
        os.execvp(words[0], words)  # noqa: S606 - no shell is what we want
    except OSError as error:
        ask(os.environ, f"RM {session_id}")
        missing = isinstance(error, FileNotFoundError) and what.startswith("run")
        raise AcdError(
            f"cannot {what}: {'it is not on PATH' if missing else error.strerror};"
            " the session is closed again",
            hint=f"install {argv[0]}, or add its directory to PATH" if missing else None,
        ) from None


def _shell_command(session: Json) -> str:
    """What RESURRECT would run, found out without asking for it. Raises AcdError."""
    argv = resume_argv(session["agent_type"], session["session_id"])
    if not session["closed"]:
        raise _explained("session not closed", session)
    if argv is None or session.get("superseded_by"):
        raise _explained("not resumable", session)
    cwd = session["working_dir"]
    if cwd is None or not Path(cwd).is_dir():
        raise _explained("working directory missing", session)
    return f"{shlex.join(['cd', cwd])} && {shlex.join(argv)}"


def _explained(refusal: str, session: Json) -> AcdError:
    """The daemon's refusal, and what it means for this session."""
    name = one_line(session["display_name"])
    match refusal:
        case "session not closed":
            return AcdError(f"{refusal}: {name} is {session['status']}")
        case "not resumable" if session.get("superseded_by"):
            other = printable(str(session.get("superseded_by")))
            return AcdError(
                f"{refusal}: its process went on with session {other}",
                hint=f"that one is it now: acd get {shlex.quote(other)}",
            )
        case "not resumable":
            return AcdError(
                f"{refusal}: acd does not know how to resume {name}",
                hint="an agent's hooks tell it, or acd set … --session-id ID",
            )
        case "working directory missing":
            where = printable(session["working_dir"] or "it was never told")
            return AcdError(f"{refusal}: {where}")
    return AcdError(refusal)
