"""`acd dashboard`: every session at a glance, live.

Responsible for whether it can run here. It refuses to know what it shows.
"""

from __future__ import annotations

import os
import sys

import click

from acd import paths
from acd.cli.render import is_terminal
from acd.errors import EXIT_USAGE, AcdError


@click.command(short_help="See every session at a glance, live.")
@click.option("--once", is_flag=True, help="End after a jump: for a popup.")
def dashboard(once: bool) -> None:
    """See every session at a glance, live: who works, who has finished, who waits for you.

    ? shows its keys, q ends it.
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

    wanted = config.load(paths.config_path(os.environ)).dashboard
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
        wanted,
        dict(os.environ),
        clock.now,
        presence=Presence(paths.socket_path(os.environ)),
        once=once,
    )
    app.run()
    if app.return_code:
        raise click.exceptions.Exit(app.return_code)
