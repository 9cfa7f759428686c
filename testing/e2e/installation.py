"""The hooks that `acd install` puts into Claude Code's settings, for one version of it.

One installation serves all tests of a version: each test has its own home with these hooks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from acd.agents.claude_code.hooks import LONG_STANDING, SUPPORTED_SINCE

_SECONDS = 60

WITHOUT_DIALOGS = "from the registry"
by_hooks_and_registry = pytest.mark.parametrize(
    "hooks", ["", WITHOUT_DIALOGS], indirect=True, ids=["", WITHOUT_DIALOGS]
)
"""Runs a test with all hooks, and with those alone that report no dialog."""


@contextmanager
def installed_hooks(client: Path) -> Iterator[dict[str, Any]]:
    """The `hooks` of a settings.json that `acd install` made; they work until the `with` ends."""
    with tempfile.TemporaryDirectory(prefix="acd-") as directory:
        home = Path(directory).resolve()
        for part in (".claude", "run", ".local/bin"):
            (home / part).mkdir(mode=0o700, parents=True)
        # `acd install` hooks the events of this client's version.
        (home / ".local/bin/claude").symlink_to(client)
        environment = {
            "HOME": str(home),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "ACD_SOCKET": str(home / "run" / "acd.sock"),
        }
        _acd(environment, "install", "--hooks-only")
        _acd(environment, "stop")  # the daemon of the hooks' test
        settings = json.loads((home / ".claude" / "settings.json").read_text())
        yield settings["hooks"]


def without_dialogs(hooks: dict[str, Any]) -> dict[str, Any]:
    """The hooks of the oldest clients, without Notification, which comes 6 s after a dialog."""
    names = {name for name, since in SUPPORTED_SINCE.items() if since == LONG_STANDING} - {
        "Notification"
    }
    return {name: value for name, value in hooks.items() if name in names}


def _acd(environment: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "acd", *arguments],
        env=environment,
        cwd=environment["HOME"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"acd {arguments[0]}: {done.stdout}{done.stderr}"
