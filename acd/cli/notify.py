"""`acd notify`: sends a notification when a session needs the user."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from acd import config, paths
from acd.cli.result import Result
from acd.errors import EXIT_USAGE, AcdError


@click.command(short_help="Notify you when a session needs you, as configured.")
def notify() -> Iterator[Result]:
    """Notify you when a session needs you: on the desktop, by a command, or both.

    The section [notify] of the configuration sets when and how. The command
    runs until Ctrl-C. It does not start the daemon, and does not prevent its
    idle stop. With systemd, acd install sets up a service that runs it while
    the daemon runs.
    """
    path = paths.config_path(os.environ)
    options = config.load(path).notify
    if not options.is_on:
        raise AcdError(
            "notifications are off",
            hint=f"set desktop = true or a command in the section [notify] of {path}",
            exit_code=EXIT_USAGE,
        )
    from acd.notify import notifier  # loads subprocess and the client's subscription

    for error in notifier.notify(os.environ, options):
        yield Result(notices=[f"acd: {error.message}"])
