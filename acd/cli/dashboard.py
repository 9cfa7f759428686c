"""`acd dashboard`: shows all sessions live, in the terminal."""

from __future__ import annotations

import os
import sys

import click

from acd import paths
from acd.cli.result import Result
from acd.cli.style import is_terminal
from acd.errors import EXIT_USAGE, AcdError


@click.command(short_help="Show all sessions in a live view.")
@click.option("--once", is_flag=True, help="End after a jump to a session, for use in a popup.")
def dashboard(once: bool) -> Result:
    """Show all sessions in a live view: who is working, has finished, or waits for you.

    Press ? for the keys and q to quit.
    """
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise AcdError(
            "the dashboard needs a terminal",
            hint="for scripts there are acd list --json and acd watch --json",
            exit_code=EXIT_USAGE,
        )
    from acd import config
    from acd.client.blocking import Client
    from acd.notify.presence import Presence
    from acd.system import clock

    options = config.load(paths.config_path(os.environ)).dashboard
    try:
        from acd.ui.dashboard.app import Dashboard  # Textual takes 0.2 s
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith(("textual", "rich")):
            raise
        raise AcdError(
            "the dashboard needs Textual, which is not installed",
            hint="run install.sh again, or pip install 'acd[dashboard]'",
        ) from None
    app = Dashboard(
        lambda: Client.connect(os.environ).detach(),
        options,
        dict(os.environ),
        clock.now,
        presence=Presence(paths.socket_path(os.environ)),
        once=once,
    )
    app.run()
    return Result(exit_code=app.return_code or 0)
