"""A user without a service manager: a home, a runtime directory, and `acd` for them."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from acd.install.daemon import stop_daemon
from acd.system import runtime_dir
from testing.forks import forks
from testing.home import TemporaryHome, tree

_SECONDS: Final = 60
_MODULES: Final = (
    "acd.__main__",
    "acd.cli.main",
    *(f"acd.cli.{name}" for name in ("doctor", "install", "list", "status")),
    "acd.install.doctor",
    "acd.install.run",
)

NEW_CLIENT: Final = "2.1.329"
"""The version of a client that has every event."""


class User(TemporaryHome):
    """A user with a runtime directory. close() ends the daemons that were started for the user."""

    def __init__(self) -> None:
        super().__init__(home=".")
        self.python = sys.executable
        """The interpreter of `acd`."""
        self.runtime = self.directory
        self.runtime.mkdir(mode=0o700)
        del self.environ["ACD_SOCKET"]
        self.environ["XDG_RUNTIME_DIR"] = str(self.runtime)
        self.socket = self.runtime / "acd/acd.sock"
        self.settings = self.home / ".claude/settings.json"
        self.backup = self.home / ".claude/settings.json.acd-backup"
        self.data = self.home / ".local/share/acd"
        self.hook = self.data / "acd_hook.py"

    def close(self) -> None:
        for socket in self.home.rglob("*.sock"):
            if runtime_dir.is_running(socket):
                stop_daemon({"ACD_SOCKET": str(socket)})
        super().close()

    def command(self, *arguments: str) -> list[str]:
        """Returns `acd ARGUMENTS` as an argument vector."""
        return [self.python, "-m", "acd", *arguments]

    def acd(
        self, *arguments: str, check: bool = True, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs `acd ARGUMENTS` without a terminal; with `check` its exit code must be 0.

        Without variables and with the usual interpreter it is forked, which takes half of the time.
        """
        if environ or self.python != sys.executable:
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
        else:
            done = forks(*_MODULES).run(arguments, self.environ, self.home)
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
        """What is below the home, apart from the sessions' state: path to mode and content."""
        return tree(self.home, "run")
