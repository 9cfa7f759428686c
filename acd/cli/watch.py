"""`acd watch`: prints a line for each change of a session."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

import click

from acd.cli.options import json_option
from acd.cli.output import output_pipe
from acd.cli.result import Result, TerminalStyle
from acd.cli.style import is_terminal, paint
from acd.cli.table import GAP, SHORTEST_TEXT
from acd.client.mirror import SessionChange
from acd.client.subscription import subscribe
from acd.text import age, cut, moment, one_line, pad, width


@click.command(short_help="Print a line for each change of a session, as it happens.")
@json_option("Print each change as a JSON object on one line.")
def watch() -> Iterator[Result]:
    """Print a line for each change of a session, as it happens, until Ctrl-C.

    It continues when the daemon stops or is upgraded, and then prints the
    changes that it missed. The fields of the JSON objects: at (unix seconds),
    id, from (null: the session is new), to (null: it was removed), duration
    (seconds in the previous status; null: unknown), session.
    """
    is_first = True
    for mirror, changes in subscribe(os.environ, output_fd=output_pipe()):
        if is_first and is_terminal(sys.stdout) and is_terminal(sys.stderr):
            count = len(mirror.sessions)
            yield Result(
                notices=[f"watching {count} session{'' if count == 1 else 's'}; Ctrl-C ends it"]
            )
        is_first = False
        yield from map(_result, changes)


def _result(change: SessionChange) -> Result:
    before, after = change.before, change.after
    data = {
        "at": _changed_at(change),
        "id": change.session_id,
        "from": before["status"] if before else None,
        "to": after["status"] if after else None,
        "duration": change.elapsed,
        "session": after,
    }
    return Result(lambda style: [change_line(change, style)], data)


def change_line(change: SessionChange, style: TerminalStyle) -> str:
    """One line: time, new status, name, question or last message, previous status."""
    session = change.after or change.before or {}
    status = change.after["status"] if change.after else "removed"
    # Names are aligned where the line is long enough.
    column = 12 if style.columns is None or style.columns >= 60 else 0
    name = pad(cut(one_line(session["display_name"]), 20), column)
    text = one_line(change.after["prompt"] or "") if change.after else ""
    when = moment(_changed_at(change), time.time())
    head = GAP.join((when, pad(status, 9), name))
    tail = _previous(change)
    if style.columns is not None and text:
        room = style.columns - width(head) - len(GAP)
        if room - width(tail) - len(GAP) < SHORTEST_TEXT:
            tail = ""
        else:
            room -= width(tail) + len(GAP)
        text = cut(text, room)
    line = GAP.join(filter(None, (head, text, tail)))
    if style.columns is not None:
        line = cut(line, style.columns)
    if style.colour:
        start, end = len(when + GAP), len(when + GAP + status)
        line = line[:start] + paint(line[start:end], status) + line[end:]
    return line


def _previous(change: SessionChange) -> str:
    if change.before is None:
        return "(new)"
    if change.after is not None and change.after["status"] == change.before["status"]:
        return "(still)"
    duration = "" if change.elapsed is None else f" {age(change.elapsed)}"
    return f"(was {change.before['status']}{duration})"


def _changed_at(change: SessionChange) -> float:
    """Unix seconds: when the session got a new status; else, and when it was removed, now."""
    before, after = change.before, change.after
    if after is None:
        return time.time()
    entered = before is None or any(before[key] != after[key] for key in ("status", "since"))
    return float(after["since"]) if entered else time.time()
