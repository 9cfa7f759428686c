"""Installs versions of Claude Code from npm, and keeps them for the next run."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from testing.checkout import CHECKOUT

PACKAGE = "@anthropic-ai/claude-code"

# The version that the behaviour was measured on, and the last of the older line, which
# still installs on Node 20 (no CLAUDE_PID in a hook's environment).
VERSIONS = ("2.1.329", "2.1.197")

_INSTALL_SECONDS = 300
# The first lines name the error; the others are advice.
_ERROR_LINES = 2


class ClientUnavailable(Exception):
    """npm is missing, or it could not install the package."""


def cache_directory() -> Path:
    """`$ACD_E2E_CACHE`, else `.cache/claude-code` in the checkout."""
    named = os.environ.get("ACD_E2E_CACHE")
    return Path(named) if named else CHECKOUT / ".cache" / "claude-code"


def installed(version: str) -> Path:
    """The path of that version's executable, from the cache, else from npm.

    Raises ClientUnavailable if neither has it.
    """
    return cached(PACKAGE, version, cache_directory() / version, _executable)


def cached(package: str, version: str, home: Path, find: Callable[[Path], Path | None]) -> Path:
    """What `find` finds in the directory, into which the package is installed if it finds nothing.

    Raises ClientUnavailable.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    # The tests' processes install a package once.
    with (home.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (found := find(home)) is None:
            install(package, version, home)
            found = find(home)
    if found is None:
        raise ClientUnavailable(f"npm installed {package}@{version} without a native executable")
    return found


def registry_answers(package: str = PACKAGE) -> bool:
    """Whether npm is installed and its registry replies."""
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
    # git ignores the cache by its own .gitignore.
    (home.parent / ".gitignore").write_text("*\n")
    # Installed in another directory and renamed: an interrupted run leaves no partial client.
    with tempfile.TemporaryDirectory(prefix=f".{version}-", dir=home.parent) as aside:
        target = Path(aside) / "target"
        target.mkdir()
        done = _npm(
            npm,
            Path(aside) / "home",
            "install",
            "--prefix",
            str(target),
            # Its only script links the executable, which the tests run directly.
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
    # With its own HOME npm uses none of the user's files. Its global configuration and
    # the npm_config_* variables still hold.
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
