"""Every command of `acd`, as values: what completions and the manual page are made from.

Responsible for reading it out of click. It refuses to know what is made of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import click

from acd.cli.main import SECTIONS, group
from acd.sessions.status import STATUSES

Kind = Literal["session", "file", "directory", "text"] | tuple[str, ...]
"""What stands there: one of so many words, or something of that kind."""


@dataclass(frozen=True)
class Option:
    names: tuple[str, ...]
    help: str
    metavar: str | None
    """How its value is called; None if it takes none."""
    kind: Kind

    @property
    def takes_value(self) -> bool:
        return self.metavar is not None


@dataclass(frozen=True)
class Argument:
    metavar: str
    kind: Kind
    repeats: bool


@dataclass(frozen=True)
class Command:
    path: tuple[str, ...]
    """Its words after `acd`; empty for acd itself."""
    summary: str
    text: str
    """Its help, as it was written: paragraphs, and blocks after a line of \\b."""
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]
    commands: tuple[Command, ...]
    """Those below it."""

    @property
    def name(self) -> str:
        return " ".join(self.path)

    def walk(self) -> Iterator[Command]:
        """It and all below it."""
        yield self
        for below in self.commands:
            yield from below.walk()


def acd() -> Command:
    """The whole program. Commands stand in the order of its help."""
    context = click.Context(group, info_name="acd", **group.context_settings)
    return _command(group, (), context)


def sections() -> list[tuple[str, list[str]]]:
    """The help's sections, and the names of the commands in each."""
    return [(title, list(names)) for title, names in SECTIONS.items()]


def _command(command: click.Command, path: tuple[str, ...], context: click.Context) -> Command:
    parameters = [
        each for each in command.get_params(context) if not getattr(each, "hidden", False)
    ]
    below = []
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            inside = click.Context(found, info_name=name, parent=context)
            below.append(_command(found, (*path, name), inside))
    return Command(
        path,
        command.get_short_help_str(200),
        # Only from 3.13 on does Python take the indentation out of a docstring itself.
        inspect.cleandoc(command.help or "").partition("\f")[0].strip(),
        tuple(_option(each) for each in parameters if isinstance(each, click.Option)),
        tuple(_argument(each, context) for each in parameters if isinstance(each, click.Argument)),
        tuple(below),
    )


def _option(option: click.Option) -> Option:
    metavar = None
    if not option.is_flag:
        metavar = option.metavar or option.type.name.upper()
        if isinstance(option.type, click.Choice):
            metavar = "|".join(map(str, option.type.choices))
    return Option(
        # Short ones first, as help shows them.
        tuple(sorted((*option.opts, *option.secondary_opts), key=len)),
        option.help or "",
        metavar,
        _kind(option, metavar or ""),
    )


def _argument(argument: click.Argument, context: click.Context) -> Argument:
    metavar = argument.metavar or argument.make_metavar(context)
    kind = _kind(argument, metavar)
    if kind == "text" and metavar.strip("[].") == "ID":
        kind = "session"
    return Argument(metavar, kind, argument.nargs == -1)


def _kind(parameter: click.Parameter, metavar: str) -> Kind:
    if isinstance(parameter.type, click.Choice):
        return tuple(map(str, parameter.type.choices))
    if isinstance(parameter.type, click.Path | click.File) or metavar == "FILE":
        return "file"
    if metavar == "DIR":
        return "directory"
    return tuple(STATUSES) if metavar.startswith("STATUS") else "text"
