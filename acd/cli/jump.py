"""`acd jump`: to the terminal of a session, from a shell, a key binding or a click on a bar.

Responsible for which session is meant, and for the words that tell where that
led. It refuses to know terminals.
"""

from __future__ import annotations

import os
import shlex

import click

from acd.cli import render
from acd.cli.identify import all_sessions, identify, not_empty
from acd.errors import AcdError
from acd.sessions.status import NEEDS_YOU
from acd.sessions.values import Json
from acd.terminals.jump import jump_to
from acd.text import by_need, one_line, printable


@click.command(short_help="Go to the terminal of the session that needs you most.")
@click.argument("session", metavar="[ID]", required=False, callback=not_empty)
@click.option(
    "--tmux-client",
    metavar="NAME",
    help="Where several look at one tmux, who is to go there: in a key binding, '#{client_name}'.",
)
def jump(session: str | None, tmux_client: str | None) -> None:
    """Go to the terminal of a session. Without ID it is the one that needs you most: who
    asks comes before who has finished, and the longest waiting first.

    It works in tmux, kitty, WezTerm, Zellij and iTerm2. Without ID, a session
    whose terminal cannot be reached is passed over, and stderr says why.
    """
    sessions = all_sessions(os.environ)
    if session is not None:
        render.write(_go(identify(sessions, session), tmux_client))
        return
    waiting = by_need(each for each in sessions if each["status"] in NEEDS_YOU)
    if not waiting:
        raise AcdError("nobody needs you", hint="acd jump ID goes to any session")
    render.write(_go_to_first(waiting, tmux_client))


def _go(session: Json, tmux_client: str | None) -> str:
    """To the terminal of this session; who is where. Raises AcdError."""
    name = one_line(session["display_name"])
    try:
        return jump_to(session, name, os.environ, tmux_client=tmux_client)
    except AcdError as error:
        if session["closed"]:
            again = f"acd resurrect {shlex.quote(printable(session['id']))}"
            error.hint = f"it is closed: {again} takes it up again"
        raise


def _go_to_first(waiting: list[Json], tmux_client: str | None) -> str:
    """To the first whose terminal can be reached; who is where. Raises AcdError."""
    failures: list[AcdError] = []
    for session in waiting:
        try:
            where = _go(session, tmux_client)
        except AcdError as error:
            failures.append(error)
            continue
        for passed in failures:
            click.echo(f"acd: passed over {passed.message}", err=True)
        return where
    raise failures[0]
