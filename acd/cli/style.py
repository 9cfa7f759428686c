"""Width and colours of standard output."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

import click

from acd import paths
from acd.cli.result import TerminalStyle

_COLOURS: Final[Mapping[str, Mapping[str, Any]]] = {
    "question": {"fg": "red", "bold": True},
    "attention": {"fg": "yellow"},
    "working": {"fg": "green"},
    "closed": {"dim": True},
}


def terminal_style(environ: Mapping[str, str]) -> TerminalStyle:
    """The style of standard output. NO_COLOR as specified on no-color.org."""
    if not is_terminal(sys.stdout):
        return TerminalStyle(columns=None, colour=False, home=paths.home(environ))
    import shutil  # loads three compression modules: 17 ms on a loaded machine

    return TerminalStyle(
        columns=shutil.get_terminal_size().columns,
        colour=not environ.get("NO_COLOR") and environ.get("TERM") != "dumb",
        home=paths.home(environ),
    )


def is_terminal(stream: Any) -> bool:
    """Whether the stream is a terminal. A closed standard stream is None."""
    return stream is not None and stream.isatty()


def paint(text: str, status: str) -> str:
    """The text in the status's colour; any other word has the colour of `closed`."""
    return click.style(text, **_COLOURS.get(status, _COLOURS["closed"]))
