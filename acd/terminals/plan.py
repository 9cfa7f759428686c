"""Plans of programs that focus or open a terminal, and running them.

Plans hold argument lists and never use a shell: hints and directories are foreign text.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from acd.errors import AcdError
from acd.system import programs
from acd.system.environment import minimal
from acd.text import one_line, printable

STEP_SECONDS: Final = 5.0
"""The time limit of one step. These programs take milliseconds."""


@dataclass(frozen=True)
class TerminalStep:
    """One program to run."""

    argv: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables in addition to the plan's environment."""
    expects: str | None = None
    """The output that the plan needs to continue."""
    failure: str = ""
    """The error when the output differs, or when a program without `expects` fails."""
    fallback: TerminalStep | None = None
    """The step to run when the output differs."""
    cwd: str | None = None
    detached: bool = False
    """Whether it is a terminal's own process, which is not waited for."""


@dataclass(frozen=True)
class TerminalPlan:
    """The steps to run in order, and where they lead."""

    where: str
    steps: tuple[TerminalStep, ...]
    hint: str | None = None
    """The hint of the error if a step fails."""
    whole_environ: bool = False
    """Whether its programs get all of our environment: they run what the user asked for."""


def run_plan(
    plan: TerminalPlan, environ: Mapping[str, str] | None = None, *, seconds: float = STEP_SECONDS
) -> None:
    """Runs the plan's steps, each for `seconds` at most.

    Their environment is the minimal one (acd/system/environment.py) unless the plan has
    `whole_environ`. Raises AcdError, with the program's output, when a step fails.
    """
    ours = os.environ if environ is None else environ
    given = dict(ours) if plan.whole_environ else minimal(ours)
    for step in plan.steps:
        _run(step, given, plan.hint, seconds)


def _run(step: TerminalStep, environ: dict[str, str], hint: str | None, seconds: float) -> None:
    program = printable(step.argv[0])
    given = environ | dict(step.environ)
    try:
        if step.detached:
            # A session of its own, so that it outlives our terminal.
            programs.start_detached(step.argv, environ=given, cwd=step.cwd)
            return
        done = programs.execute(step.argv, environ=given, timeout=seconds, cwd=step.cwd)
    except FileNotFoundError as error:
        missing = step.cwd if error.filename == step.cwd else f"{program} (not on PATH)"
        raise AcdError(f"cannot find {printable(str(missing))}") from None
    except OSError as error:
        raise AcdError(f"cannot run {program}: {error.strerror}") from None
    except ValueError as error:  # a NUL in an argument
        raise AcdError(f"cannot run {program}: {error}") from None
    except programs.TimeoutExpired:
        raise AcdError(f"{program} did not end within {seconds:g} s", hint=hint) from None
    if done.status != 0:
        if step.expects is None and step.failure:
            raise AcdError(step.failure, hint=hint)
        output = one_line(done.errors or done.output)[:200] or f"exit code {done.status}"
        raise AcdError(f"{program}: {output}", hint=hint)
    if step.expects is not None and done.output.strip() != step.expects:
        if step.fallback is None:
            raise AcdError(step.failure, hint=hint)
        _run(step.fallback, environ, hint, seconds)
