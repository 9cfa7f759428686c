"""Launches a daemon for a client, where no service manager does."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from acd.system import activation
from acd.system.environment import for_daemon


def launch(socket: Path, environ: Mapping[str, str]) -> None:
    """Starts a daemon that serves the socket. Raises as activation.spawn does."""
    activation.spawn(socket, daemon_command(), for_daemon(environ))


def daemon_command(program: Path = Path(sys.executable)) -> list[str]:
    """Returns the command that serves, of the version that is installed now.

    An upgrade installs its environment beside this one and points the link `venv`
    at it (install.sh): a client from before the upgrade starts the new daemon.
    """
    environment = program.parent.parent
    current = environment.with_name("venv") / "bin" / program.name
    if environment.name.startswith("venv-") and os.access(current, os.X_OK):
        program = current
    return [str(program), "-I", "-m", "acd", "daemon"]
