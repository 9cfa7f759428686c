"""The `acd` command group: loads each command when it is needed, and sets the exit code.

A status bar may run `acd list` every few seconds, so this module imports only click.
"""

from __future__ import annotations

import importlib
import io
import sys
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import click

from acd import __version__
from acd.errors import EXIT_INTERRUPTED, EXIT_USAGE

if TYPE_CHECKING:
    from acd.cli.result import CommandResult

COMMAND_SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "Show sessions": {
        "dashboard": "dashboard:dashboard",
        "list": "list:list_sessions",
        "watch": "watch:watch",
        "wait": "wait:wait",
        "jump": "jump:jump",
        "timeline": "timeline:timeline",
        "bar": "bar:bar",
        "statusline": "statusline:statusline",
        "get": "get:get",
        "history": "history:history",
        "explain": "explain:explain",
        "record": "record:record",
        "replay": "replay:replay",
    },
    "Change sessions": {
        "set": "set:set_status",
        "rm": "rm:rm",
        "delete": "delete:delete",
        "resurrect": "resurrect:resurrect",
    },
    "Service": {
        "status": "status:status",
        "doctor": "doctor:doctor",
        "stop": "stop:stop",
        "notify": "notify:notify",
        "daemon": "daemon:daemon",
        "config": "config:config",
        "install": "install:install",
        "uninstall": "install:uninstall",
        "completion": "completion:completion",
    },
}
"""Every command as `module:function`, by its section of the help."""

_COMMANDS: Final = {
    name: target for commands in COMMAND_SECTIONS.values() for name, target in commands.items()
}


class _Group(click.Group):
    """Imports a command's module when the command is looked up."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, function = _COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(f"acd.cli.{module}"), function)
        assert isinstance(command, click.Command)  # noqa: S101 - the table is ours
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in COMMAND_SECTIONS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl(
                    [(name, found.get_short_help_str(80)) for name, found in commands if found]
                )


@click.group(
    cls=_Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=(
        "ID is a session's id, the beginning of one, or a session's name."
        " Exit codes: 0 success; 1 failure, with the reason on stderr; 2 wrong usage;"
        " 3 no daemon can be reached."
    ),
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def group(ctx: click.Context) -> CommandResult:
    """Show which of your coding-agent sessions are working, have finished, or wait for you."""
    if ctx.invoked_subcommand is not None:
        return None
    from acd.cli.result import Result

    return Result(ctx.get_help().splitlines())


@group.result_callback()
def _write(result: CommandResult) -> int:
    """Writes what the command returned; returns the exit code."""
    if result is None:
        return 0
    from acd.cli import output

    return output.write(result)


def main() -> int:
    """Runs the command line of this process; returns its exit code. Raises AcdError."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A character that the terminal's encoding lacks must not end a command.
            stream.reconfigure(errors="replace")
    try:
        code = group.main(prog_name="acd", standalone_mode=False)
    except click.ClickException as error:
        _show(error)
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except OSError as error:
        if not _is_from_echo(error):
            raise
        from acd.cli.broken_output import fail

        fail(error)
    return code if isinstance(code, int) else 0


def _is_from_echo(error: OSError) -> bool:
    """Whether click.echo() raised it, by which click writes --help and --version."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_code is click.echo.__code__


def _show(error: click.ClickException) -> None:
    from acd.cli import output

    text = io.StringIO()
    error.show(text)
    # Click lists choices in lines that begin with a tab.
    for line in text.getvalue().replace("\n\t", " ").splitlines():
        output.write_notice(line)
