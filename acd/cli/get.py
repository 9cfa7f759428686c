"""`acd get`: prints one session."""

from __future__ import annotations

import os

import click

from acd.cli.identify import get_session
from acd.cli.options import session_argument
from acd.cli.output import to_json
from acd.cli.result import Document


@click.command(short_help="Print a session with all its fields as JSON.")
@session_argument
def get(session: str) -> Document:
    """Print a session with all its fields as JSON.

    Unlike the array of acd list --json it includes the history, the metadata
    and the evidence log.
    """
    return Document(to_json(get_session(os.environ, session)))
