"""The command line: which commands there are, and what their ends look like.

Responsible for finding a command when it is asked for, for the help's order,
and for exit codes. It refuses to know what a command does, and imports
nothing for it but click: a status bar runs `acd list` every few seconds.
"""

from __future__ import annotations

import importlib
import io
import sys
import traceback
from collections.abc import Mapping
from typing import Final

import click

from acd import __version__
from acd.errors import EXIT_UNREACHABLE, EXIT_USAGE, UnsafeSocket
from acd.text import printable

EXIT_INTERRUPTED: Final = 130
"""What a shell makes of SIGINT."""

SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "See": {
        "dashboard": "dashboard:dashboard",
        "list": "sessions:list_sessions",
        "watch": "watch:watch",
        "wait": "watch:wait",
        "jump": "jump:jump",
        "timeline": "timeline:timeline",
        "bar": "bar:bar",
        "statusline": "statusline:statusline",
        "get": "sessions:get",
        "history": "sessions:history",
        "explain": "sessions:explain",
        "record": "record:record",
        "replay": "record:replay",
    },
    "Change": {
        "set": "sessions:set_status",
        "rm": "sessions:rm",
        "delete": "sessions:delete",
        "resurrect": "resurrect:resurrect",
    },
    "Service": {
        "status": "service:status",
        "doctor": "doctor:doctor",
        "stop": "service:stop",
        "notify": "notify:notify",
        "daemon": "service:daemon",
        "config": "settings:config",
        "install": "install:install",
        "uninstall": "install:uninstall",
        "completion": "completion:completion",
    },
}
"""Every command, by the section of the help that it is in: `module:function`."""

_COMMANDS: Final = {
    name: place for commands in SECTIONS.values() for name, place in commands.items()
}


class _Group(click.Group):
    """Loads a command's module when the command is asked for."""

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
        for title, names in SECTIONS.items():
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
        "ID is a session's id, the beginning of one, or its name."
        " Exit codes: 0 done; 1 refused, and stderr says why; 2 usage; 3 no daemon."
    ),
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Which of your coding-agent sessions works, has finished, or waits for you."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> int:
    """Runs the command line of this process; returns its exit code. Raises AcdError."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What the terminal's encoding does not know must not end a command.
            stream.reconfigure(errors="replace")
    try:
        code = group.main(prog_name="acd", standalone_mode=False)
    except UnsafeSocket as error:
        # To a client it means that there is no daemon that it may talk to.
        error.exit_code = EXIT_UNREACHABLE
        raise
    except click.ClickException as error:
        _show(error)
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except OSError as error:
        if not _is_echos(error):
            raise
        from acd.cli import render

        render.give_up(error)
    return code if isinstance(code, int) else 0


def _is_echos(error: OSError) -> bool:
    """Whether it is click's, which could not write the help or the version."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_code is click.echo.__code__


def _show(error: click.ClickException) -> None:
    text = io.StringIO()
    error.show(text)
    # Click sets out choices in lines that begin with a tab.
    for line in text.getvalue().replace("\n\t", " ").splitlines():
        print(printable(line), file=sys.stderr)
