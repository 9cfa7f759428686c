"""`acd bar FORMAT [--template TEXT]` without click, which takes longer than the whole rest.

A status bar runs it every few seconds. The other forms of `acd bar` are in bar.py.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from acd.client.snapshot import snapshot
from acd.errors import EXIT_UNREACHABLE, UnsafeSocket
from acd.ui.bars.content import BarContent
from acd.ui.bars.formats import FORMATS, render

EXIT_INTERRUPTED: Final = 130
"""What a shell makes of SIGINT."""
EXIT_BROKEN_PIPE: Final = 141
"""What a shell makes of SIGPIPE."""


def is_quick(arguments: Sequence[str]) -> bool:
    """Whether these arguments of `acd` are a bar's look, for which this module is enough."""
    match arguments:
        case ["bar", name] | ["bar", name, "--template", _]:
            return name in FORMATS
    return False


def main(arguments: Sequence[str]) -> int:
    """`acd bar FORMAT [--template TEXT]`; returns the exit code. Raises AcdError."""
    try:
        return look(arguments[1], arguments[3] if len(arguments) > 3 else None)
    except UnsafeSocket as error:
        # To a client it means that there is no daemon that it may talk to.
        error.exit_code = EXIT_UNREACHABLE
        raise
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def look(name: str, source: str | None) -> int:
    """Prints what this bar shows now; returns the exit code. Raises AcdError."""
    template = None
    if source is not None:
        from acd.ui.bars.template import Template  # loads re

        template = Template(source)
    content = BarContent(snapshot(os.environ), time.time(), program())
    try:
        emit(render(name, content, template))
    except BrokenPipeError:
        return EXIT_BROKEN_PIPE
    return 0


def program() -> str:
    """This program, as a bar can call it again from wherever it runs."""
    called = sys.argv[0]
    return str(Path(called).absolute()) if "/" in called else called


def emit(text: str) -> None:
    """Writes text to standard output as UTF-8, which is what bars read, at once.

    Raises BrokenPipeError when nobody reads it any more, AcdError when it
    cannot be written.
    """
    if sys.stdout is None:  # it was closed before we began
        return
    try:
        sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "replace"))
        sys.stdout.flush()
    except OSError as error:
        from acd.cli import output  # only here

        output.fail(error)
