"""`acd set`: sets a session's status."""

from __future__ import annotations

import json
import os

import click

from acd.client.blocking import ask
from acd.protocol import Set
from acd.sessions.status import STATUSES
from acd.sessions.values import ID_LENGTH, Json, is_session_id


def _new_id(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """A complete session id; the session need not exist. Raises BadParameter."""
    if is_session_id(value):
        return value
    raise click.BadParameter(
        f"{value!r} must be 1 to {ID_LENGTH} printable characters without spaces"
    )


def _metadata(ctx: click.Context, param: click.Parameter, value: str | None) -> Json:
    """The metadata object of SET. Raises BadParameter."""
    if value is None:
        return {}
    from acd.sessions.metadata import check_metadata, parse_object
    from acd.sessions.values import Refused

    try:
        metadata = parse_object(value, "metadata")
        check_metadata(metadata)
    except Refused as refused:
        raise click.BadParameter(str(refused).removeprefix("invalid metadata: ")) from None
    return metadata


@click.command("set", short_help="Set a session's status, or create a session.")
@click.argument("session", metavar="ID", callback=_new_id)
@click.argument("status", metavar="STATUS", type=click.Choice(list(STATUSES)))
@click.option("--cwd", metavar="DIR", help="The session's working directory.")
@click.option(
    "--session-id", metavar="ID", help="The agent's own id for the session; resurrect needs it."
)
@click.option("--prompt", metavar="TEXT", help="The session's question or last message.")
@click.option(
    "--meta",
    metavar="JSON",
    callback=_metadata,
    help="A JSON object of further values, such as name and agent_type.",
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

    A session that does not exist is created. ID must be the complete id here.
    Values that you do not give stay as they are.
    """
    metadata = dict(meta)
    if cwd is not None:
        metadata["working_dir"] = os.path.abspath(cwd)  # noqa: PTH100 - the path is not opened
    if session_id is not None:
        metadata["session_id"] = session_id
    if prompt is not None:
        metadata["prompt"] = prompt
    ask(os.environ, Set(session, STATUSES[status], json.dumps(metadata) if metadata else ""))
