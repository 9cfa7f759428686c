"""Tinker's part of the installer: hooks in Claude Code's shape."""

from __future__ import annotations

from typing import Final

from acd import paths
from acd.agents.installer import Installer

INSTALLER: Final = Installer(
    program="tinker",
    settings=lambda environ: paths.home(environ) / ".tinker/settings.json",
    hooks=lambda environ, command, seen_version: {
        event: {"type": "command", "command": command}
        for event in ("UserPromptSubmit", "PermissionRequest", "Stop", "SessionEnd")
    },
    probe_event="UserPromptSubmit",
)
