"""`acd explain`: shows the evidence behind a session's status."""

from __future__ import annotations

import os
import time

import click

from acd.cli.identify import get_session
from acd.cli.options import session_argument
from acd.cli.result import Result
from acd.sessions.values import Json
from acd.text import EVIDENCE, age, moment, one_line, printable


@click.command(short_help="Show why a session has the status that it has.")
@session_argument
def explain(session: str) -> Result:
    """Show why a session has the status that it has.

    The first line names the status and its source. Below it are the latest
    pieces of evidence, oldest first: time, source, what was observed, and what
    it changed, or why it changed nothing.
    """
    found = get_session(os.environ, session)
    name = one_line(found["display_name"])
    source = EVIDENCE.get(found["evidence"], found["evidence"])
    lines = [f"{name}: {found['status']} for {age(found['elapsed'])}, because {source}"]
    if found["prompt"]:
        label = "question" if found["status"] == "question" else "last message"
        lines.append(f"{label}: {one_line(found['prompt'])}")
    if successor := found.get("superseded_by"):
        lines.append(f"its process continued as session {successor}")
    return Result(lines + _evidence(found.get("trail", [])))


def _evidence(entries: list[Json]) -> list[str]:
    """The session's evidence log, in aligned columns."""
    if not entries:
        return ["no evidence from its agent has arrived"]
    sources = [printable(entry["source"]) for entry in entries]
    observations = [printable(entry["what"]) for entry in entries]
    source_width, observation_width = max(map(len, sources)), max(map(len, observations))
    return [
        f"{_milliseconds(entry['at'])}  {source:<{source_width}}"
        f"  {observation:<{observation_width}}  {entry['outcome']}"
        for entry, source, observation in zip(entries, sources, observations, strict=True)
    ]


def _milliseconds(at: float) -> str:
    """The time with milliseconds: the order of evidence decides what it changes."""
    return f"{moment(at, time.time())}.{int(at % 1 * 1000):03}"
