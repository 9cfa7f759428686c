"""`acd config`: shows the configuration and creates the configuration file."""

from __future__ import annotations

import os

import click

from acd import paths
from acd.cli.result import Document, Result
from acd.errors import AcdError


@click.group()
def config() -> None:
    """Show the configuration, or create the configuration file."""


@config.command()
def path() -> Document:
    """Print the path of the configuration file. The file need not exist."""
    return Document(str(paths.config_path(os.environ)))


@config.command()
def show() -> Document:
    """Print every option with its value, from the file or the default."""
    from acd.cli.config_text import render  # 10 ms
    from acd.config import load

    effective = load(paths.config_path(os.environ))
    return Document(render(effective).rstrip("\n"))


@config.command()
def init() -> Result:
    """Create a configuration file with every option commented out.

    An existing file is not changed.
    """
    from acd.cli.config_text import render  # 10 ms

    path = paths.config_path(os.environ)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(render())
    except OSError as error:
        if isinstance(error, FileExistsError) and path.is_file():
            raise AcdError(
                f"{path} exists already", hint="acd config show prints the values in effect"
            ) from None
        raise AcdError(f"cannot write {path}: {error.strerror}") from None
    return Result(
        [f"wrote {path}", "edit it, then acd stop: the daemon reads it when it starts again"]
    )
