"""Claude Code's part of the installer."""

from __future__ import annotations

from typing import Final

from acd.agents.claude_code.checks import all_findings, client_findings
from acd.agents.claude_code.hooks import EVENTS, hooks, settings_path
from acd.agents.claude_code.status_line import STATUS_LINE
from acd.agents.installer import Installer

INSTALLER: Final = Installer(
    program="claude",
    settings=settings_path,
    hooks=hooks,
    probe_event="UserPromptSubmit",
    update=f"update it to {'.'.join(map(str, min(EVENTS.values())))} or newer (claude update)",
    status_line=STATUS_LINE,
    clients=client_findings,
    checks=all_findings,
)
