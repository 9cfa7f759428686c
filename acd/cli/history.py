"""`acd history`: shows how a session's status changed."""

from __future__ import annotations

import os
import time

import click

from acd.cli.identify import find
from acd.cli.options import json_option, session_argument
from acd.cli.result import Result
from acd.client.blocking import ask
from acd.protocol import History, Ok
from acd.sessions.values import Json
from acd.text import age, moment, one_line


@click.command(short_help="Show how a session's status changed.")
@session_argument
@click.option(
    "-n", "last", metavar="N", type=click.IntRange(min=1), help="Show only the last N changes."
)
@json_option("Print the changes as a JSON array.")
def history(session: str, last: int | None) -> Result:
    """Show how a session's status changed, oldest change first.

    Each line shows the time of the change, the old and the new status, and how
    long the old status lasted. The newest 50 changes are kept by default.
    """
    found = find(os.environ, session)
    reply = ask(os.environ, History(found["id"]))
    transitions: list[Json] = reply.json() if isinstance(reply, Ok) else []
    if last is not None:
        transitions = transitions[-last:]
    lines = [_line(transition) for transition in transitions]
    if not lines:
        status = f"{found['status']} for {age(found['elapsed'])}"
        lines = [f"no changes yet: {one_line(found['display_name'])} has been {status}"]
    return Result(lines, data=transitions)


def _line(transition: Json) -> str:
    change = f"{transition['from']:>9} → {transition['to']:<9}"
    when = moment(transition["at"], time.time())
    return f"{when}  {change}  after {age(transition['duration'])}"
