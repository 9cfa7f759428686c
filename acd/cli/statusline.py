"""`acd statusline`, as far as its help is concerned: it runs before this (acd/__main__.py)."""

from __future__ import annotations

import click

from acd.cli.exec_statusline import main


@click.command(short_help="Claude Code's status line: this session, and who else needs you.")
def statusline() -> int:
    """Claude Code's status line: this session, and which of your others need you.

    It reads the JSON that Claude Code gives to a status line command on
    standard input. acd install --statusline sets it up. In a script of your
    own, give it the same input, and print its line with yours.
    """
    return main()
