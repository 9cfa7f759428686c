"""A user without a service manager: a home, a runtime directory, and `acd` for them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from acd.install.daemon import stop_daemon
from acd.system import runtime_dir

_SECONDS: Final = 60

NEW_CLIENT: Final = "2.1.329"
"""The version of a client that has every event."""


class User:
    """A context manager, which ends the user's daemons and removes the home.

    The home's path is short, because a socket's path has to be.
    """

    def __init__(self) -> None:
        self.python = sys.executable
        """The interpreter of `acd`."""
        self.home = Path(tempfile.mkdtemp(prefix="acd-user-")).resolve()
        self.runtime = self.home / "run"
        self.runtime.mkdir(mode=0o700)
        self.environ = {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.runtime),
        }
        self.settings = self.home / ".claude/settings.json"
        self.backup = self.home / ".claude/settings.json.acd-backup"
        self.data = self.home / ".local/share/acd"
        self.hook = self.data / "acd_hook.py"
        self.socket = self.runtime / "acd/acd.sock"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for socket in self.home.rglob("*.sock"):
            if runtime_dir.is_running(socket):
                stop_daemon({"ACD_SOCKET": str(socket)})
        shutil.rmtree(self.home)

    def command(self, *arguments: str) -> list[str]:
        """Returns `acd ARGUMENTS` as an argument vector."""
        return [self.python, "-m", "acd", *arguments]

    def acd(
        self, *arguments: str, check: bool = True, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs `acd ARGUMENTS` without a terminal; with `check` its exit code must be 0."""
        done = subprocess.run(
            self.command(*arguments),
            env={**self.environ, **environ},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert not check or done.returncode == 0, done.stderr
        return done

    def install(self, *options: str, **environ: str) -> str:
        """Returns what `acd install` prints."""
        return self.acd("install", *options, check=True, **environ).stdout

    def uninstall(self, *options: str) -> str:
        """Returns what `acd uninstall --yes` prints."""
        return self.acd("uninstall", "--yes", *options).stdout

    def write(self, content: bytes) -> None:
        """Writes the settings, as they are before acd."""
        self.settings.parent.mkdir(exist_ok=True)
        self.settings.write_bytes(content)

    def claude(self, version: str) -> None:
        """Puts a client on PATH that prints this version."""
        program = self.home / "bin/claude"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho '{version} (Claude Code)'\n")
        program.chmod(0o755)
        self.environ["PATH"] = f"{program.parent}:/usr/bin:/bin"

    def files(self) -> dict[str, str]:
        """Returns what is below the home without the sessions' state: path to mode and content."""
        found = {}
        for directory, names, files in os.walk(self.home):
            if Path(directory) == self.home:
                names.remove("run")
            for name in (*names, *files):
                path = Path(directory, name)
                if path.is_symlink():
                    state = f"-> {path.readlink()}"
                else:
                    content = b"" if path.is_dir() else path.read_bytes()
                    state = f"{path.stat().st_mode:o} {hashlib.sha256(content).hexdigest()}"
                found[str(path.relative_to(self.home))] = state
        return found
