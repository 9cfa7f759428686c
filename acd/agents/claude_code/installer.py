"""Claude Code's part of the installer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from acd.agents.claude_code.client_checks import client_findings
from acd.agents.claude_code.hooks import LONG_STANDING, hooks, settings_path
from acd.agents.claude_code.overruling import check_overruled, overruling
from acd.agents.claude_code.status_line import STATUS_LINE
from acd.agents.installer import Installer
from acd.findings import Finding


def _findings(
    environ: Mapping[str, str], seen_version: str | None, project: Path
) -> Iterator[Finding]:
    yield from client_findings(environ, seen_version)
    yield from check_overruled(overruling(settings_path(environ), project))


INSTALLER: Final = Installer(
    program="claude",
    settings=settings_path,
    hooks=hooks,
    probe_event="UserPromptSubmit",
    update=f"update it to {'.'.join(map(str, LONG_STANDING))} or newer (claude update)",
    status_line=STATUS_LINE,
    clients=client_findings,
    checks=_findings,
)
