"""`acd config`: where the configuration is, what holds, and a file to begin with.

Responsible for the three commands. It refuses to know which options there
are (config.py).
"""

from __future__ import annotations

import os

import click

from acd import paths
from acd.cli import render
from acd.errors import AcdError


@click.group()
def config() -> None:
    """Show the configuration, or begin a file for it."""


@config.command()
def path() -> None:
    """Print where the configuration file is, or would be."""
    render.write(str(paths.config_path(os.environ)))


@config.command()
def show() -> None:
    """Print every option as it holds, from the file or by default."""
    from acd import config as options  # reads TOML

    effective = options.load(paths.config_path(os.environ))
    render.write(options.render(effective).rstrip("\n"))


@config.command()
def init() -> None:
    """Write a file with every option in it, commented out. One that is there is left alone."""
    from acd import config as options

    path = paths.config_path(os.environ)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(options.render())
    except OSError as error:
        if isinstance(error, FileExistsError) and path.is_file():
            raise AcdError(
                f"{path} is there already", hint="acd config show prints what holds"
            ) from None
        raise AcdError(f"cannot write {path}: {error.strerror}") from None
    render.write(f"wrote {path}\nedit it, then acd stop: the daemon reads it when it starts again")
