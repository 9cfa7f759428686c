"""`acd bar FORMAT [--template TEXT]` without click, whose import takes longer than the rest.

A status bar runs it every few seconds. The other forms of `acd bar` are in bar.py.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from acd.client.snapshot import snapshot
from acd.errors import EXIT_INTERRUPTED
from acd.ui.bars import formats
from acd.ui.bars.content import BarContent


def is_fast(arguments: Sequence[str]) -> bool:
    """Whether main() implements these arguments of `acd`."""
    match arguments:
        case ["bar", name] | ["bar", name, "--template", _]:
            return name in formats.FORMATS
    return False


def main(arguments: Sequence[str]) -> int:
    """`acd bar FORMAT [--template TEXT]`; returns the exit code. Raises AcdError, OutputClosed."""
    try:
        emit(render(arguments[1], arguments[3] if len(arguments) > 3 else None))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0


def render(name: str, source: str | None) -> str:
    """What the bar shows now, by its own format or a template. Raises AcdError."""
    template = None
    if source is not None:
        from acd.ui.bars.template import Template  # loads re

        template = Template(source)
    return formats.render(name, BarContent(snapshot(os.environ), time.time(), program()), template)


def program() -> str:
    """The path of this program, with which a bar can run it from any directory."""
    called = sys.argv[0]
    return str(Path(called).absolute()) if "/" in called else called


def emit(text: str) -> None:
    """Writes the text and a newline to standard output as UTF-8, and flushes.

    Raises OutputClosed when the reader has closed the pipe, AcdError when
    the output cannot be written.
    """
    if sys.stdout is None:  # closed before the program started
        return
    try:
        sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "replace"))
        sys.stdout.flush()
    except OSError as error:
        from acd.cli.broken_output import fail  # only here

        fail(error)
