"""`acd completion`: the shells' completions, as they came with acd.

Responsible for printing one. It refuses to know how it was made.
"""

from __future__ import annotations

from typing import Final

import click

from acd.cli import render

_FILES: Final = {"bash": "acd.bash", "zsh": "_acd", "fish": "acd.fish"}


@click.command(short_help="Print the completion for a shell.")
@click.argument("shell", metavar="SHELL", type=click.Choice(tuple(_FILES)))
def completion(shell: str) -> None:
    """Print the completion for a shell; `acd install` puts it where shells look by themselves.

    \b
    bash  source <(acd completion bash)
    zsh   source <(acd completion zsh)     (after compinit)
    fish  acd completion fish | source
    """
    from acd.install.resources import resource

    render.write(resource(f"packaging/completions/{_FILES[shell]}").read_text("utf-8").rstrip("\n"))
