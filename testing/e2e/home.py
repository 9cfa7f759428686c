"""Homes in which a real agent runs apart from everything else on the machine."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

from testing.closing import Closing
from testing.e2e.moment import PATIENCE, Moment
from testing.home import TemporaryHome

_API_KEY = "sk-ant-api03-not-a-real-key-0000000000"

_REMOVE_TRIES = 10
_REMOVE_PAUSE_SECONDS = 0.1


class AgentHome(TemporaryHome):
    """A temporary HOME with a project directory, and with acd where a hook looks for it."""

    def __init__(self, config_dir: str) -> None:
        super().__init__(home=".")
        self.project = self.root / "project"
        self.config_dir = self.root / config_dir
        temporary = self.root / "tmp"
        for directory in (self.project, self.config_dir, temporary, self.directory):
            directory.mkdir(mode=0o700)
        self.environ |= {
            "TMPDIR": str(temporary),
            "PATH": os.defpath if sys.platform == "darwin" else "/usr/local/bin:/usr/bin:/bin",
            "SHELL": "/bin/sh",
        }
        program = self.root / ".local" / "bin" / "acd"
        program.parent.mkdir(parents=True)
        program.symlink_to(Path(sys.executable).with_name("acd"))

    def close(self) -> None:
        # A process that the agent started may outlive it, and write while this removes.
        for _try in range(_REMOVE_TRIES):
            shutil.rmtree(self.root, ignore_errors=True)
            if not self.root.exists():
                return
            time.sleep(_REMOVE_PAUSE_SECONDS)

    def gate(self) -> Gate:
        """A new gate in the project directory."""
        return Gate(self.project)


class ClaudeHome(AgentHome):
    """Claude Code's home, with these hooks in its settings."""

    def __init__(self, api_url: str, hooks: Mapping[str, object]) -> None:
        super().__init__(".claude")
        self.environ |= {
            "ANTHROPIC_API_KEY": _API_KEY,
            "ANTHROPIC_BASE_URL": api_url,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            # By default the client retries a failed request for minutes.
            "CLAUDE_CODE_MAX_RETRIES": "0",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
        }
        self._write_client_state()
        self._write_settings(hooks)

    def _write_client_state(self) -> None:
        """Writes the state of a client that has run before: it opens no dialog at its start."""
        state = {
            "hasCompletedOnboarding": True,
            "lastOnboardingVersion": "99.0.0",
            "theme": "dark",
            "numStartups": 5,
            "customApiKeyResponses": {"approved": [_API_KEY[-20:]], "rejected": []},
            # The user's, not the project's: the client finds a project's by the git
            # repository around it, which may begin above the home.
            "mcpServers": {
                "asker": {
                    "type": "stdio",
                    "command": sys.executable,
                    "args": [
                        "-I",
                        "-S",
                        str(Path(__file__).with_name("elicitation_server.py")),
                    ],
                }
            },
            "projects": {
                str(self.project): {
                    "hasTrustDialogAccepted": True,
                    "hasCompletedProjectOnboarding": True,
                }
            },
        }
        (self.root / ".claude.json").write_text(json.dumps(state))

    def _write_settings(self, hooks: Mapping[str, object]) -> None:
        settings = {
            "permissions": {"allow": ["Bash(./wait-at-the-gate)", "mcp__asker"]},
            "hooks": hooks,
        }
        (self.config_dir / "settings.json").write_text(json.dumps(settings, indent=2))


class Gate(Closing):
    """A program that waits at a fifo until the test opens it; the fake model's tools run it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "gate"
        self._writer: int | None = None
        os.mkfifo(self._path)
        # A script: the client itself opens the files that a `cat` command names.
        program = directory / "wait-at-the-gate"
        program.write_text("#!/bin/sh\nexec cat gate\n")
        program.chmod(0o700)

    def close(self) -> None:
        if self._writer is not None:
            self.open()

    def wait_reached(self, timeout: float = PATIENCE) -> Moment:
        """Waits until a tool runs at the gate; returns that moment."""
        opened: Future[int] = Future()
        # open(2) of a fifo for writing returns when a reader has opened it, and has no
        # timeout: a thread makes one.
        threading.Thread(
            target=lambda: opened.set_result(os.open(self._path, os.O_WRONLY)), daemon=True
        ).start()
        try:
            self._writer = opened.result(timeout)
        except TimeoutError:
            raise AssertionError(f"no tool reached {self._path} in {timeout} s") from None
        return Moment.now()

    def open(self) -> Moment:
        """Lets the tool at the gate end; returns the moment before."""
        assert self._writer is not None, "nothing is waiting at the gate"
        now = Moment.now()
        os.close(self._writer)
        self._writer = None
        return now
