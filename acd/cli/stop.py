"""`acd stop`: stops the daemon."""

from __future__ import annotations

import os

import click

from acd import paths
from acd.cli.result import Result
from acd.client import control
from acd.system import runtime_dir


@click.command(short_help="Stop the daemon; no state is lost.")
def stop() -> Result:
    """Stop the daemon and wait until its process has ended.

    No state is lost: the next event or command starts the daemon again, and it
    restores the sessions.
    """
    if not runtime_dir.is_running(paths.socket_path(os.environ)):
        return Result("not running")
    control.stop(os.environ)
    return Result("stopped")
