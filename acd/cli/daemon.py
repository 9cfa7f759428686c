"""`acd daemon --help`; without arguments the daemon starts without click (`acd.__main__`)."""

from __future__ import annotations

import click

from acd.cli.result import Result


@click.command(short_help="Run the daemon in the foreground; it normally starts by itself.")
def daemon() -> Result:
    """Run the daemon in the foreground until SIGTERM, Ctrl-C or acd stop.

    It normally starts by itself: the service manager, a hook or a command
    starts it. SIGHUP reloads the configuration.

    Exit codes: 4 another daemon serves the socket; 5 the socket's directory is
    not private.
    """
    from acd.daemon.daemon import main  # uvloop, 25 ms

    return Result(exit_code=main())
