"""`acd install` and `acd uninstall`.

Responsible for their options and for showing what was done. It refuses to
know how anything is installed.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from acd.agents.catalog import AGENTS
from acd.errors import EXIT_USAGE, AcdError
from acd.text import printable

if TYPE_CHECKING:
    from acd.install.plan import Plan


def _say(line: str) -> None:
    click.echo(printable(line))


@click.command()
@click.option("--hooks-only", is_flag=True, help="Only put the hooks into the agent's settings.")
@click.option("--no-hooks", is_flag=True, help="Set up no hooks.")
@click.option("--no-service", is_flag=True, help="Set up no service: hooks start the daemon.")
@click.option(
    "--statusline",
    "status_line",
    is_flag=True,
    help="Also make acd's the agent's status line, if it has none; with --no-hooks too.",
)
@click.option(
    "--agent",
    "agents",
    multiple=True,
    type=click.Choice([*AGENTS, "all"]),
    help="Whose hooks to set up. Default: those that are installed.",
)
@click.option(
    "--trust", is_flag=True, help="Have acd's hooks trusted by agents that would ask you to review."
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
def install(
    *,
    hooks_only: bool,
    no_hooks: bool,
    no_service: bool,
    status_line: bool,
    agents: tuple[str, ...],
    trust: bool,
    dry_run: bool,
) -> None:
    """Set up the service and the hooks of this acd, or bring them up to date.

    The manual pages too, and completions for the shells that look for some in
    your home directory.
    """
    # Everything below takes some 60 ms to import.
    from acd import install as installer
    from acd.install.plan import Choice, install_plan

    if hooks_only and no_hooks:
        raise click.UsageError("--hooks-only and --no-hooks leave nothing to do")
    if no_hooks and (agents or trust):
        raise click.UsageError("--agent and --trust are about hooks, which --no-hooks leaves alone")
    choice = Choice(
        hooks=not no_hooks,
        service=not (no_service or hooks_only),
        status_line=status_line,
        named=tuple(AGENTS) if "all" in agents else agents,
        trust=trust,
        manual=not hooks_only,
    )
    if dry_run:
        _show(install_plan(os.environ, choice))
    else:
        installer.install(os.environ, _say, choice)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
def uninstall(*, yes: bool, dry_run: bool) -> None:
    """Take acd out again: hooks, service, the sessions' state, manual, the program."""
    from acd import install as installer
    from acd.install.plan import uninstall_plan

    if dry_run:
        _show(uninstall_plan(os.environ))
        return

    def agreed() -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            raise AcdError(
                "nobody is here to ask whether acd should go, so nothing was done",
                hint="acd uninstall --yes does it without a question",
                exit_code=EXIT_USAGE,
            )
        _show(uninstall_plan(os.environ))
        return click.confirm("Take acd out?")

    if not installer.uninstall(os.environ, _say, agreed=agreed):
        _say("Nothing was done.")


def _show(plan: Plan) -> None:
    for step in plan.steps:
        _say(f"would {step.describe()}")
    if not plan.steps:
        _say("nothing to do")
    for note in plan.notes:
        _say(note)
