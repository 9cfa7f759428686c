"""`acd completion`: prints the completion script of a shell."""

from __future__ import annotations

from typing import Final

import click

from acd.cli.result import Document

_FILES: Final = {"bash": "acd.bash", "zsh": "_acd", "fish": "acd.fish"}


@click.command(short_help="Print the completion script for a shell.")
@click.argument("shell", metavar="SHELL", type=click.Choice(tuple(_FILES)))
def completion(shell: str) -> Document:
    """Print the completion script for a shell.

    acd install puts the script where the shell finds it. Without acd install,
    load it in the shell's start-up file:

    \b
    bash  source <(acd completion bash)
    zsh   source <(acd completion zsh)     (after compinit)
    fish  acd completion fish | source
    """
    from acd.install.resources import resource

    script = resource(f"packaging/completions/{_FILES[shell]}")
    return Document(script.read_text("utf-8").rstrip("\n"))
