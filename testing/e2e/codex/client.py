"""Installs one version of Codex from npm, and keeps it for the next run."""

from __future__ import annotations

from pathlib import Path

from testing.e2e.client import cache_directory, cached

PACKAGE = "@openai/codex"
VERSION = "0.169.0"


def installed() -> Path:
    """The directory of the native program, from the cache, else from npm.

    Raises ClientUnavailable if neither has it.
    """
    home = cache_directory().with_name("codex") / VERSION
    return cached(PACKAGE, VERSION, home, _directory)


def _directory(home: Path) -> Path | None:
    # The package is a thin wrapper around one native program per platform.
    found = sorted(home.glob(f"node_modules/{PACKAGE}-*/vendor/*/bin/codex"))
    return found[0].parent if found else None
