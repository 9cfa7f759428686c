"""Commands about sessions: see them, and change them.

Responsible for turning arguments into requests and replies into what render
shows. It refuses to know how requests travel.
"""

from __future__ import annotations

import json
import os

import click

from acd.cli import render
from acd.cli.identify import all_sessions, find, not_empty
from acd.client.blocking import ask
from acd.protocol import Ok, Set
from acd.sessions.status import STATUSES
from acd.sessions.values import ID_LENGTH, Json, is_session_id
from acd.text import EVIDENCE, age, by_need, one_line, printable


def _new_id(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """An id as SET takes it: it may be of a session that is not there yet."""
    if is_session_id(value):
        return value
    raise click.BadParameter(
        f"{value!r} must be 1 to {ID_LENGTH} printable characters without spaces"
    )


def _metadata(ctx: click.Context, param: click.Parameter, value: str | None) -> Json:
    """A JSON object, as SET takes it."""
    if value is None:
        return {}
    from acd.sessions.metadata import Refused, check_metadata, parse_object

    try:
        metadata = parse_object(value, "metadata")
        check_metadata(metadata)
    except Refused as refused:
        raise click.BadParameter(str(refused).removeprefix("invalid metadata: ")) from None
    return metadata


@click.command("list", short_help="Show all sessions, those that need you first.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, in the same order.")
def list_sessions(as_json: bool) -> None:
    """Show all sessions: those that need you first, and the longest waiting first among them.

    A line has the status, the id, the name, how long it has been so, the
    directory, and what the session asks or last said.
    """
    sessions = by_need(all_sessions(os.environ))
    if as_json:
        render.write(render.to_json(sessions))
    elif sessions:
        render.write(render.table(sessions, render.look(os.environ)))
    else:
        from acd.agents.catalog import FIRST

        program = FIRST.resume[0]
        render.write(f"no sessions yet: start {program}, or tell of one with acd set ID working")


@click.command(short_help="Print all that is known about a session, as JSON.")
@click.argument("session", metavar="ID", callback=not_empty)
def get(session: str) -> None:
    """Print all that is known about a session as JSON: history, metadata and evidence too."""
    render.write(render.to_json(_get(session)))


@click.command(short_help="Show how a session's status changed.")
@click.argument("session", metavar="ID", callback=not_empty)
@click.option(
    "-n", "last", metavar="N", type=click.IntRange(min=1), help="Only the last N changes."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def history(session: str, last: int | None, as_json: bool) -> None:
    """Show how a session's status changed, oldest first, and how long each status lasted."""
    found = find(os.environ, session)
    reply = ask(os.environ, f"HISTORY {found['id']}")
    transitions = reply.json() if isinstance(reply, Ok) else []
    if last is not None:
        transitions = transitions[-last:]
    if as_json:
        render.write(render.to_json(transitions))
        return
    if not transitions:
        since = f"{found['status']} for {age(found['elapsed'])}"
        render.write(f"no changes yet: {one_line(found['display_name'])} has been {since}")
        return
    render.write("\n".join(map(_transition, transitions)))


def _transition(each: Json) -> str:
    change = f"{each['from']:>9} → {each['to']:<9}"
    return f"{render.moment(each['at'])}  {change}  after {age(each['duration'])}"


@click.command(short_help='Show why a session\'s status is what it is: "why does it say that?"')
@click.argument("session", metavar="ID", callback=not_empty)
def explain(session: str) -> None:
    """Show why a session's status is what it is.

    The last pieces of evidence, oldest first: when, from where, what it said,
    and what it changed or why it changed nothing.
    """
    found = _get(session)
    name = one_line(found["display_name"])
    why = EVIDENCE.get(found["evidence"], printable(found["evidence"]))
    lines = [f"{name}: {found['status']} for {age(found['elapsed'])}, because {why}"]
    if found["prompt"]:
        verb = "asks" if found["status"] == "question" else "last said"
        lines.append(f"it {verb}: {one_line(found['prompt'])}")
    if other := found.get("superseded_by"):
        lines.append(f"its process went on with session {printable(other)}")
    render.write("\n".join(lines + _trail(found.get("trail", []))))


def _trail(trail: list[Json]) -> list[str]:
    if not trail:
        return ["no evidence from its agent has arrived"]
    sources = [printable(each["source"]) for each in trail]
    whats = [printable(each["what"]) for each in trail]
    return [
        f"{_precise(each['at'])}  {source:<{max(map(len, sources))}}"
        f"  {what:<{max(map(len, whats))}}  {printable(each['outcome'])}"
        for each, source, what in zip(trail, sources, whats, strict=True)
    ]


def _precise(at: float) -> str:
    """With milliseconds: evidence is weighed by its order."""
    return f"{render.moment(at)}.{int(at % 1 * 1000):03}"


@click.command("set", short_help="Set a session's status; the first time creates it.")
@click.argument("session", metavar="ID", callback=_new_id)
@click.argument("status", metavar="STATUS", type=click.Choice(list(STATUSES)))
@click.option("--cwd", metavar="DIR", help="The directory that it works in.")
@click.option("--session-id", metavar="ID", help="The agent's own id, to resume it with.")
@click.option("--prompt", metavar="TEXT", help="What it asks or last said.")
@click.option(
    "--meta",
    metavar="JSON",
    callback=_metadata,
    help="Further facts; name and agent_type are known.",
)
def set_status(
    *,
    session: str,
    status: str,
    cwd: str | None,
    session_id: str | None,
    prompt: str | None,
    meta: Json,
) -> None:
    """Set a session's status: question, attention, working or closed.

    The first time creates the session. ID is taken as it is here, never as
    the beginning of another. What is not given stays as it was.
    """
    metadata = dict(meta)
    if cwd is not None:
        metadata["working_dir"] = os.path.abspath(cwd)  # noqa: PTH100 - the path is not opened
    if session_id is not None:
        metadata["session_id"] = session_id
    if prompt is not None:
        metadata["prompt"] = prompt
    ask(os.environ, Set(session, STATUSES[status], json.dumps(metadata) if metadata else ""))


@click.command(short_help="Close a session; it can still be resurrected for a while.")
@click.argument("session", metavar="ID", callback=not_empty)
def rm(session: str) -> None:
    """Close a session. It is shown, and can be resurrected, for a while (30 minutes by default)."""
    ask(os.environ, f"RM {find(os.environ, session)['id']}")


@click.command(short_help="Forget a session at once.")
@click.argument("session", metavar="ID", callback=not_empty)
def delete(session: str) -> None:
    """Forget a session at once, with its history. An agent that still runs is left alone."""
    ask(os.environ, f"DELETE {find(os.environ, session)['id']}")


def _get(session: str) -> Json:
    reply = ask(os.environ, f"GET {find(os.environ, session)['id']}")
    found: Json = reply.json() if isinstance(reply, Ok) else {}
    return found
