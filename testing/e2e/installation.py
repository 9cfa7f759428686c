"""acd's hooks, put in place by `acd install` itself, for the client's version that is tried.

It knows the command and the layout of an installation. One installation per
version serves all tests: each has a home of its own with these hooks in it.
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

_SECONDS = 60


@contextmanager
def installed_hooks(client: Path) -> Iterator[dict[str, Any]]:
    """The `hooks` of a settings.json that `acd install` made; they work within this `with`."""
    with tempfile.TemporaryDirectory(prefix="acd-") as directory:
        home = Path(directory).resolve()
        for part in (".claude", "run", ".local/bin"):
            (home / part).mkdir(mode=0o700, parents=True)
        # Its version decides which events are hooked.
        (home / ".local/bin/claude").symlink_to(client)
        environment = {
            "HOME": str(home),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "ACD_SOCKET": str(home / "run" / "acd.sock"),
        }
        _acd(environment, "install", "--hooks-only")
        _acd(environment, "stop")  # the one that it tried the hooks on
        settings = json.loads((home / ".claude" / "settings.json").read_text())
        yield settings["hooks"]


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
