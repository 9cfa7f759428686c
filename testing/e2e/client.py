"""Getting the real Claude Code: a named version from npm, kept for the next run.

Knows npm and where packages are kept; knows nothing of how the client is run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from testing.checkout import CHECKOUT

PACKAGE = "@anthropic-ai/claude-code"

# The newest that the behaviour was read from, and the last of the older line
# that still installs on Node 20 (no CLAUDE_PID in a hook's environment).
VERSIONS = ("2.1.329", "2.1.197")

_INSTALL_SECONDS = 300
# What went wrong comes first, what could be done about it fills a screen.
_ERROR_LINES = 2


class ClientUnavailable(Exception):
    """npm is missing, or its registry gave no package; the text says which."""


def cache_directory() -> Path:
    """`$ACD_E2E_CACHE`, else `.cache/claude-code` in the checkout."""
    named = os.environ.get("ACD_E2E_CACHE")
    return Path(named) if named else CHECKOUT / ".cache" / "claude-code"


def installed(version: str) -> Path:
    """The path of that version's executable, from the cache or else from npm.

    Raises ClientUnavailable where it is in neither.
    """
    home = cache_directory() / version
    if (found := _executable(home)) is not None:
        return found
    install(PACKAGE, version, home)
    if (found := _executable(home)) is None:
        raise ClientUnavailable(f"npm installed {PACKAGE}@{version} without a native executable")
    return found


def registry_answers(package: str = PACKAGE) -> bool:
    """Whether npm can be asked at all: tells "not here" from "here, but broken"."""
    npm = shutil.which("npm")
    if npm is None:
        return False
    with tempfile.TemporaryDirectory(prefix="acd-npm-") as home:
        done = _npm(npm, Path(home), "view", package, "name")
    return done.returncode == 0


def _executable(home: Path) -> Path | None:
    # The package is a thin wrapper around one native program per platform, an
    # optional dependency of its own; that program needs no Node to run.
    found = sorted(home.glob(f"node_modules/{PACKAGE}-*/claude"))
    return found[0] if found else None


def install(package: str, version: str, home: Path) -> None:
    """Installs a package from npm into a new directory. Raises ClientUnavailable."""
    npm = shutil.which("npm")
    if npm is None:
        raise ClientUnavailable("npm is not on PATH")
    home.parent.mkdir(parents=True, exist_ok=True)
    # The cache says itself that git has nothing to do with it.
    (home.parent / ".gitignore").write_text("*\n")
    # Installed aside and renamed: a run cut short leaves no half of a client.
    with tempfile.TemporaryDirectory(prefix=f".{version}-", dir=home.parent) as aside:
        target = Path(aside) / "target"
        target.mkdir()
        done = _npm(
            npm,
            Path(aside) / "home",
            "install",
            "--prefix",
            str(target),
            # Its only script links the executable that is run here directly.
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            f"{package}@{version}",
        )
        if done.returncode != 0:
            errors = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
            why = " / ".join(errors[:_ERROR_LINES])
            raise ClientUnavailable(f"npm could not install {package}@{version}: {why}")
        shutil.rmtree(home, ignore_errors=True)
        target.rename(home)


def _npm(npm: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # A home of its own: nothing of the user's is read or written. Configuration
    # still comes from npm's global file and from npm_config_* variables.
    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "HOME": str(home), "npm_config_cache": str(home / "cache")}
    try:
        return subprocess.run(
            [npm, *arguments],
            env=environment,
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise ClientUnavailable(f"npm did not finish in {_INSTALL_SECONDS} s") from late
