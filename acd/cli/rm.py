"""`acd rm`: closes a session."""

from __future__ import annotations

import os

import click

from acd.cli.identify import find
from acd.cli.options import session_argument
from acd.client.blocking import ask
from acd.protocol import Close


@click.command(short_help="Close a session; acd resurrect can reopen it.")
@session_argument
def rm(session: str) -> None:
    """Close a session.

    It stays in the list, and acd resurrect can reopen it, for 30 minutes by
    default. An agent that still runs is not ended, and its further events do
    not reopen the session; the agent's own resume of the conversation does.
    """
    ask(os.environ, Close(find(os.environ, session)["id"]))
