"""The result of one check of the installation, as `acd doctor` shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    what: str
    """The subject in one word: `socket`, `hooks`."""
    severity: Severity
    """`note`: unusual, but everything works. `problem`: makes the exit code non-zero."""
    message: str
    hint: str | None = None
    """How to correct it, in the imperative."""


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether there is no problem."""
    return all(finding.severity != "problem" for finding in findings)
