"""`acd doctor`: shows findings about each part of acd."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final

import click

from acd.cli.result import Result, TerminalStyle
from acd.findings import Finding, Severity, is_well
from acd.text import printable

_MARKS: Final[Mapping[Severity, tuple[str, str | None]]] = {
    "ok": ("✓", "green"),
    "note": ("·", None),
    "problem": ("✗", "red"),
}


@click.command(short_help="Check everything that acd needs, and show what to do.")
def doctor() -> Result:
    """Check everything that acd needs, and show what to do about each problem.

    It starts no daemon and changes nothing; a transient systemd unit shows in
    which sandbox the service starts. In a project's directory it also checks the
    project's settings. Exit code 0: no problem; 1: at least one problem.
    """
    from acd.install.doctor import examine  # some 40 ms

    found = list(examine(os.environ))
    return Result(lambda style: _lines(found, style), exit_code=0 if is_well(found) else 1)


def _lines(found: list[Finding], style: TerminalStyle) -> Iterator[str]:
    size = max(len(finding.subject) for finding in found)
    for finding in found:
        mark, hue = _MARKS[finding.severity]
        mark = click.style(mark, fg=hue) if style.colour else mark
        yield f"{mark} {finding.subject:<{size}}  {printable(finding.message)}"
        if finding.hint:
            yield f"  {'':<{size}}  → {printable(finding.hint)}"
    problems = sum(finding.severity == "problem" for finding in found)
    yield f"{problems or 'no'} problem{'' if problems == 1 else 's'}"
