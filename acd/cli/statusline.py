"""`acd statusline --help`; without arguments it runs without click (`acd.__main__`)."""

from __future__ import annotations

import click

from acd.cli.fast_statusline import main
from acd.cli.result import Result


@click.command(short_help="Print Claude Code's status line: this session and those that need you.")
def statusline() -> Result:
    """Print Claude Code's status line: this session and your other sessions that need you.

    It reads, from standard input, the JSON that Claude Code passes to a status
    line command. acd install --statusline sets it up. A script of your own can
    run it with the same input and print its line beside its own.
    """
    return Result(exit_code=main())
