"""The values that commands return: `acd.cli.output` writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias


class TerminalStyle(NamedTuple):
    """What standard output can show."""

    columns: int | None
    """Width of the terminal; None if the output is not a terminal: lines keep their length."""
    colour: bool
    home: Path | None
    """The directory that paths show as `~`."""


Text: TypeAlias = str | Sequence[str] | Callable[[TerminalStyle], Iterable[str]]
"""One line, several lines, or a function that returns the lines."""


class Result(NamedTuple):
    """The result of a command: lines for people, or a value for `--json`."""

    text: Text = ()
    """The writer escapes control characters in each line."""
    data: Any = None
    """The JSON value that `--json` prints instead of the text."""
    exit_code: int = 0
    notices: Sequence[str] = ()
    """Lines for standard error, written before the text."""


class Document(NamedTuple):
    """A result in a format of its own (SVG, TOML, a shell command): written unchanged, as UTF-8."""

    text: str
    exit_code: int = 0


CommandResult: TypeAlias = Result | Document | Iterator[Result | Document] | None
"""What a command returns. An iterator is a stream: each item is written as it arrives, and
with `--json` each is one line."""
