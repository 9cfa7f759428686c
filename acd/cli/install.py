"""`acd install` and `acd uninstall`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from acd.agents.catalog import AGENTS
from acd.cli.result import Result
from acd.errors import EXIT_USAGE, AcdError
from acd.text import printable

if TYPE_CHECKING:
    from acd.install.component import Plan


@click.command()
@click.option("--hooks-only", is_flag=True, help="Only set up the hooks in the agents' settings.")
@click.option("--no-hooks", is_flag=True, help="Set up no hooks.")
@click.option("--no-service", is_flag=True, help="Set up no service: hooks start the daemon.")
@click.option(
    "--statusline",
    "status_line",
    is_flag=True,
    help="Also set acd's status line for agents that have none; with --no-hooks too.",
)
@click.option(
    "--agent",
    "agents",
    multiple=True,
    type=click.Choice([*AGENTS, "all"]),
    help="The agent to set up hooks for. Default: each that you have.",
)
@click.option(
    "--trust", is_flag=True, help="Trust acd's hooks in agents that would ask you to review them."
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
def install(
    *,
    hooks_only: bool,
    no_hooks: bool,
    no_service: bool,
    status_line: bool,
    agents: tuple[str, ...],
    trust: bool,
    dry_run: bool,
) -> Iterator[Result]:
    """Set up the service and the hooks of this acd, or bring them up to date.

    It also installs the manual pages, and the completion of each shell that has
    a directory for completions in your home.
    """
    # The imports take some 60 ms.
    from acd.install import run
    from acd.install.plan import Choice, install_plan

    if hooks_only and no_hooks:
        raise click.UsageError("--hooks-only and --no-hooks leave nothing to do")
    if no_hooks and (agents or trust):
        raise click.UsageError(
            "--agent and --trust apply to hooks, which --no-hooks leaves unchanged"
        )
    choice = Choice(
        hooks=not no_hooks,
        service=not (no_service or hooks_only),
        status_line=status_line,
        named=tuple(AGENTS) if "all" in agents else agents,
        trust=trust,
        manual=not hooks_only,
    )
    if dry_run:
        return map(_result, _described(install_plan(os.environ, choice)))
    return map(_result, run.install(os.environ, choice))


@click.command(short_help="Remove acd and everything that it has installed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
def uninstall(*, yes: bool, dry_run: bool) -> Iterator[Result]:
    """Remove acd: hooks, service, the sessions' state, manual, completions, the program."""
    from acd.install.plan import uninstall_plan

    if dry_run:
        return map(_result, _described(uninstall_plan(os.environ)))
    return map(_result, _uninstalled(asks=not yes))


def _uninstalled(*, asks: bool) -> Iterator[str]:
    """Removes acd, after a confirmation where `asks`; yields a line for each thing done."""
    from acd.install import run
    from acd.install.plan import uninstall_plan

    run.refuse_sudo(os.environ)
    plan = uninstall_plan(os.environ)
    if asks and plan.steps:
        if not sys.stdin.isatty():
            raise AcdError(
                "there is no terminal to ask for a confirmation, so nothing was done",
                hint="acd uninstall --yes removes acd without a question",
                exit_code=EXIT_USAGE,
            )
        yield from _described(plan)
        if not click.confirm("Remove acd?"):
            yield "Nothing was done."
            return
    yield from run.uninstall(os.environ)


def _described(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        yield f"would {step.describe()}"
    if not plan.steps:
        yield "nothing to do"
    yield from plan.notes


def _result(line: str) -> Result:
    return Result(printable(line))
