"""`acd delete`: removes a session."""

from __future__ import annotations

import os

import click

from acd.cli.identify import find
from acd.cli.options import session_argument
from acd.client.blocking import ask
from acd.protocol import Delete


@click.command(short_help="Remove a session and its history at once.")
@session_argument
def delete(session: str) -> None:
    """Remove a session and its history at once. An agent that still runs is not ended."""
    ask(os.environ, Delete(find(os.environ, session)["id"]))
