"""Findings: what a check of the installation found, in words for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    what: str
    """What was looked at, in a word: `socket`, `hooks`."""
    state: State
    """`note`: not as usual, and all works. Only a problem keeps the exit code from 0."""
    says: str
    do: str | None = None
    """What mends it, as an order."""


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing needs to be done."""
    return all(finding.state != "problem" for finding in findings)
