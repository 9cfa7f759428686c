"""Writes the results of commands: text for people, JSON for programs."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import sys
from typing import Any, Final, TextIO

from acd.cli.options import wants_json
from acd.cli.result import CommandResult, Document, Result, TerminalStyle
from acd.cli.style import terminal_style
from acd.text import printable

_SGR: Final = r"(\x1b\[[0-9;]*m)"
"""The control sequences that click.style() emits (ECMA-48, 8.3.117)."""


def write(outcome: CommandResult) -> int:
    """Writes what a command returned to standard output; returns the exit code.

    The data of a single result is indented JSON, that of a stream one line an
    item. Raises OutputClosed when the reader of the output has closed it,
    AcdError when the output cannot be written.
    """
    if outcome is None:
        return 0
    as_json, indent = wants_json(), None
    if isinstance(outcome, Result | Document):
        outcome, indent = iter([outcome]), 2
    style = terminal_style(os.environ)
    code = 0
    for result in outcome:
        code = result.exit_code
        if isinstance(result, Document):
            _write_document(result)
            continue
        for notice in result.notices:
            write_notice(notice)
        if as_json:
            if result.data is not None:
                _print(to_json(result.data, indent=indent), sys.stdout)
        elif lines := _lines(result, style):
            _print("\n".join(lines), sys.stdout)
    return code


def write_notice(line: str) -> None:
    """Writes a line to standard error."""
    _print(printable(line), sys.stderr)


def to_json(value: Any, *, indent: int | None = 2) -> str:
    """The value as JSON in ASCII, so that a terminal interprets nothing in it."""
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def output_pipe() -> int | None:
    """The descriptor of standard output, if that is a pipe or a socket."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        fd = sys.stdout.fileno()
        mode = os.fstat(fd).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            return fd
    return None


def _lines(result: Result, style: TerminalStyle) -> list[str]:
    """The result's lines, with every control sequence except our colours escaped."""
    text = result.text(style) if callable(result.text) else result.text
    lines = [text] if isinstance(text, str) else text
    if not style.colour:
        return list(map(printable, lines))
    return ["".join(map(_escaped, re.split(_SGR, line))) for line in lines]


def _escaped(part: str) -> str:
    return part if re.fullmatch(_SGR, part) else printable(part)


def _write_document(document: Document) -> None:
    from acd.cli.fast_bar import emit

    emit(document.text)


def _print(text: str, stream: TextIO | None) -> None:
    if stream is None:  # closed before the program started
        return
    try:
        print(text, file=stream, flush=True)
    except OSError as error:
        from acd.cli.broken_output import fail  # only here

        fail(error)
