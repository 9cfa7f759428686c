"""Findings: the outcome of a check of the installation, in words for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    subject: str
    """The checked part, in a word: `socket`, `hooks`."""
    severity: Severity
    """`note`: unusual, and it works. Only a problem makes the exit code 1."""
    message: str
    hint: str | None = None
    """The action that solves the problem, as an order."""


def is_well(findings: Iterable[Finding]) -> bool:
    """Returns whether no finding is a problem."""
    return all(finding.severity != "problem" for finding in findings)
