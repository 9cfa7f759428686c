"""Codex's part of the installer."""

from __future__ import annotations

from typing import Final

from acd.agents.codex import trust
from acd.agents.codex.hooks import hooks, hooks_path
from acd.agents.installer import Installer, Trust

INSTALLER: Final = Installer(
    program="codex",
    settings=hooks_path,
    hooks=hooks,
    probe_event="UserPromptSubmit",
    moved=trust.moved,
    trust=Trust(
        untrusted=trust.untrusted,
        give=trust.GiveTrust,
        review='it shows "Hooks need review" when you start it next',
    ),
)
