"""`acd resurrect`: runs the agent of a closed session again, in this terminal.

The process becomes the agent's, without a shell. If that fails, the session
is closed again.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import NoReturn

import click

from acd.agents.catalog import session_resume_argv
from acd.cli.identify import find
from acd.cli.options import session_argument
from acd.cli.result import Document
from acd.client.blocking import ask
from acd.errors import AcdError, DaemonRefused
from acd.protocol import Close, Ok, Resurrect
from acd.sessions.values import Json
from acd.text import one_line, printable


@click.command(short_help="Resume a closed session in this terminal.")
@session_argument
@click.option(
    "--print",
    "only_print",
    is_flag=True,
    help="Only print the shell command; the session stays closed.",
)
def resurrect(session: str, only_print: bool) -> Document:
    """Resume a closed session in this terminal: run its agent in its directory."""
    found = find(os.environ, session)
    return Document(_shell_command(found)) if only_print else _resume(found)


def _resume(session: Json) -> NoReturn:
    """Replaces this process by the agent's. Raises AcdError."""
    try:
        reply = ask(os.environ, Resurrect(session["id"]))
    except DaemonRefused as refused:
        raise _explained(refused.message, session) from None
    answer = reply.json() if isinstance(reply, Ok) else {}
    argv, cwd = answer["argv"], answer["cwd"]
    action = f"enter {cwd}"
    try:
        # The protocol is UTF-8, whatever the locale.
        os.chdir(cwd.encode())
        action = f"run {argv[0]}"
        words = [word.encode() for word in argv]
        os.execvp(words[0], words)  # noqa: S606 - without a shell on purpose
    except OSError as error:
        ask(os.environ, Close(session["id"]))
        missing = isinstance(error, FileNotFoundError) and action.startswith("run")
        raise AcdError(
            f"cannot {action}: {'it is not on PATH' if missing else error.strerror};"
            " the session is closed again",
            hint=f"install {argv[0]}, or add its directory to PATH" if missing else None,
        ) from None


def _shell_command(session: Json) -> str:
    """The command that RESURRECT would return; the session stays closed. Raises AcdError."""
    if not session["closed"]:
        raise _explained("session not closed", session)
    if (argv := session_resume_argv(session)) is None:
        raise _explained("not resumable", session)
    cwd = session["working_dir"]
    if cwd is None or not Path(cwd).is_dir():
        raise _explained("working directory missing", session)
    return f"{shlex.join(['cd', cwd])} && {shlex.join(argv)}"


def _explained(refusal: str, session: Json) -> AcdError:
    """The refusal of RESURRECT with its cause in this session."""
    name = one_line(session["display_name"])
    match refusal:
        case "session not closed":
            return AcdError(f"{refusal}: {name} is {session['status']}")
        case "not resumable" if session.get("superseded_by"):
            successor = printable(str(session.get("superseded_by")))
            return AcdError(
                f"{refusal}: its process continued as session {successor}",
                hint=f"acd get {shlex.quote(successor)} shows that session",
            )
        case "not resumable":
            return AcdError(
                f"{refusal}: acd has no command that resumes {name}",
                hint="it needs the agent's own id, from the agent's hooks"
                " or acd set … --session-id ID",
            )
        case "working directory missing":
            return AcdError(f"{refusal}: {printable(session['working_dir'] or 'unknown')}")
    return AcdError(refusal)
