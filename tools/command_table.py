"""Reads all commands of `acd`, with their options and arguments, from click."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import click

from acd.cli.main import group
from acd.sessions.status import STATUSES

Kind = Literal["session", "file", "directory", "text"] | tuple[str, ...]
"""What a value is: one of these words, or something of this kind."""


@dataclass(frozen=True)
class Option:
    """An option of a command."""

    names: tuple[str, ...]
    help: str
    metavar: str | None
    """The name of its value; None if it takes none."""
    kind: Kind

    @property
    def takes_value(self) -> bool:
        return self.metavar is not None


@dataclass(frozen=True)
class Argument:
    """A positional argument of a command."""

    metavar: str
    kind: Kind
    repeats: bool
    """Whether it may be given several times."""


@dataclass(frozen=True)
class Command:
    """A command, or `acd` itself."""

    path: tuple[str, ...]
    """Its words after `acd`; empty for acd itself."""
    summary: str
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]
    commands: tuple[Command, ...]
    """Its subcommands."""

    @property
    def name(self) -> str:
        return " ".join(self.path)

    def walk(self) -> Iterator[Command]:
        """This command and all below it."""
        yield self
        for command in self.commands:
            yield from command.walk()


def acd() -> Command:
    """The whole program, its commands in the order of its help."""
    context = click.Context(group, info_name="acd", **group.context_settings)
    return _command(group, (), context)


def _command(command: click.Command, path: tuple[str, ...], context: click.Context) -> Command:
    parameters = [
        each for each in command.get_params(context) if not getattr(each, "hidden", False)
    ]
    subcommands = []
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            inner = click.Context(found, info_name=name, parent=context)
            subcommands.append(_command(found, (*path, name), inner))
    return Command(
        path,
        command.get_short_help_str(200),
        tuple(_option(each) for each in parameters if isinstance(each, click.Option)),
        tuple(_argument(each, context) for each in parameters if isinstance(each, click.Argument)),
        tuple(subcommands),
    )


def _option(option: click.Option) -> Option:
    metavar = None
    if not option.is_flag:
        metavar = option.metavar or option.type.name.upper()
        if isinstance(option.type, click.Choice):
            metavar = "|".join(map(str, option.type.choices))
    return Option(
        # Short names first, as in the help.
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
