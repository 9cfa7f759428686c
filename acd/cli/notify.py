"""`acd notify`: tells you when a session waits for you.

Responsible for whether there is anything to do, and for what is said of
failures. It refuses to know how it is done (acd/notifications/).
"""

from __future__ import annotations

import os

import click

from acd import config, paths
from acd.errors import EXIT_USAGE, AcdError
from acd.text import printable


@click.command(short_help="Tell you when a session waits for you, as configured.")
def notify() -> None:
    """Tell you when a session waits for you: on the desktop, by a command, or both.

    What is told, and how, is in the configuration's section [notify]. It goes
    on until you end it, and neither starts the daemon nor keeps it. With
    systemd, acd install has a unit do this beside the daemon.
    """
    path = paths.config_path(os.environ)
    wanted = config.load(path).notify
    if not wanted.is_on:
        raise AcdError(
            "notifications are off",
            hint=f"set desktop = true or a command in the section [notify] of {path}",
            exit_code=EXIT_USAGE,
        )
    from acd.notify import notifier  # programs, and all of attending

    notifier.notify(os.environ, wanted, _complain)


def _complain(error: AcdError) -> None:
    click.echo(printable(f"acd: {error.message}"), err=True)
