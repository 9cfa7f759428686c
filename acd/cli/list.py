"""`acd list`: shows all sessions."""

from __future__ import annotations

import os

import click

from acd.cli.identify import all_sessions
from acd.cli.options import json_option
from acd.cli.result import Result
from acd.cli.table import table
from acd.sessions.status import by_need


@click.command("list", short_help="Show all sessions, those that need you first.")
@json_option("Print the sessions as a JSON array, in the same order.")
def list_sessions() -> Result:
    """Show all sessions, those that need you first.

    Sessions are sorted by status (question, attention, working, closed) and,
    within a status, from the longest in it to the shortest. Each line shows
    the status, the ID, the name, the time in this status, the directory, and
    the session's question or last message.
    """
    sessions = by_need(all_sessions(os.environ))
    if sessions:
        return Result(lambda style: table(sessions, style), data=sessions)
    from acd.agents.catalog import DEFAULT

    program = DEFAULT.resume[0]
    return Result(
        f"no sessions yet: start {program}, or create one with acd set ID working", data=[]
    )
