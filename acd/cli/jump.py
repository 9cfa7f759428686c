"""`acd jump`: focuses the terminal of a session."""

from __future__ import annotations

import os
import shlex

import click

from acd.cli.identify import all_sessions, select_session
from acd.cli.options import not_empty
from acd.cli.result import Result
from acd.errors import AcdError
from acd.sessions.status import NEEDS_YOU, by_need
from acd.sessions.values import Json
from acd.terminals.jump import jump_to
from acd.text import one_line, printable


@click.command(short_help="Go to the terminal of the session that needs you most.")
@click.argument("session", metavar="[ID]", required=False, callback=not_empty)
@click.option(
    "--tmux-client",
    metavar="NAME",
    help="The tmux client to switch, if several are attached. In a key binding: '#{client_name}'.",
)
def jump(session: str | None, tmux_client: str | None) -> Result:
    """Go to the terminal of a session. Without ID, go to the session that needs you most.

    A session with a question comes before one that has finished, and then the
    longest waiting one comes first. If the terminal of such a session cannot
    be reached, the next session is tried, and the reason is written to stderr.

    Supported are tmux, kitty, WezTerm, Zellij and iTerm2.
    """
    sessions = all_sessions(os.environ)
    if session is not None:
        return Result(_go(select_session(sessions, session), tmux_client))
    waiting = by_need(each for each in sessions if each["status"] in NEEDS_YOU)
    if not waiting:
        raise AcdError("no session needs you", hint="acd jump ID goes to any session")
    return _go_to_first(waiting, tmux_client)


def _go(session: Json, tmux_client: str | None) -> str:
    """Focuses the session's terminal; returns a line that names it. Raises AcdError."""
    name = one_line(session["display_name"])
    try:
        return jump_to(session, name, os.environ, tmux_client=tmux_client)
    except AcdError as error:
        if session["closed"]:
            resurrect = f"acd resurrect {shlex.quote(printable(session['id']))}"
            error.hint = f"it is closed: {resurrect} reopens it"
        raise


def _go_to_first(waiting: list[Json], tmux_client: str | None) -> Result:
    """Focuses the first terminal that can be reached. Raises AcdError if none can."""
    failures: list[AcdError] = []
    for session in waiting:
        try:
            where = _go(session, tmux_client)
        except AcdError as error:
            failures.append(error)
            continue
        notices = [f"acd: passed over {failure.message}" for failure in failures]
        return Result(where, notices=notices)
    raise failures[0]
