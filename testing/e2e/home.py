"""A home in which the real client runs apart from everything else on the machine.

It knows which files and variables the client reads; it starts nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from testing.e2e.moment import PATIENCE, Moment

_API_KEY = "sk-ant-api03-not-a-real-key-0000000000"


_REMOVE_TRIES = 10
_REMOVE_PAUSE_SECONDS = 0.1


class Home:
    """A temporary HOME with a project directory, removed at the end of its `with`.

    The path is short: a Unix socket's may have at most 104 bytes.
    """

    def __init__(self, api_url: str, hooks: Mapping[str, object]) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="acd-")).resolve()
        self.project = self.root / "project"
        self.config_dir = self.root / ".claude"
        self.socket = self.root / "run" / "acd.sock"
        for directory in (self.project, self.config_dir, self.root / "tmp", self.socket.parent):
            directory.mkdir(mode=0o700)
        self.environment = {
            "HOME": str(self.root),
            "TMPDIR": str(self.root / "tmp"),
            "PATH": os.defpath if sys.platform == "darwin" else "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "SHELL": "/bin/sh",
            "ACD_SOCKET": str(self.socket),
            "ANTHROPIC_API_KEY": _API_KEY,
            "ANTHROPIC_BASE_URL": api_url,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            # An error ends the turn instead of being tried again for minutes.
            "CLAUDE_CODE_MAX_RETRIES": "0",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
        }
        self._write_client_state()
        self._write_settings(hooks)
        # Where a hook finds the program that it starts when no daemon runs.
        program = self.root / ".local" / "bin" / "acd"
        program.parent.mkdir(parents=True)
        program.symlink_to(Path(sys.executable).with_name("acd"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What the client started may outlive it, and write where all is being removed.
        for _try in range(_REMOVE_TRIES):
            shutil.rmtree(self.root, ignore_errors=True)
            if not self.root.exists():
                return
            time.sleep(_REMOVE_PAUSE_SECONDS)

    def gate(self) -> Gate:
        return Gate(self.project)

    def _write_client_state(self) -> None:
        """What the client remembers of its first run, so that it opens no dialog."""
        state = {
            "hasCompletedOnboarding": True,
            "lastOnboardingVersion": "99.0.0",
            "theme": "dark",
            "numStartups": 5,
            "customApiKeyResponses": {"approved": [_API_KEY[-20:]], "rejected": []},
            # The user's own, not the project's: that would be looked for by the git
            # repository around it, and nobody knows what lies above.
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


class Gate:
    """A program that waits at a fifo: the stand-in's tools run it until the test lets them go."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "gate"
        self._writer: int | None = None
        os.mkfifo(self._path)
        # A program, since the client opens by itself the files that `cat` names.
        program = directory / "wait-at-the-gate"
        program.write_text("#!/bin/sh\nexec cat gate\n")
        program.chmod(0o700)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self.open()

    def wait_reached(self, timeout: float = PATIENCE) -> Moment:
        """Wait until a tool is running at the gate; the moment at which it was."""
        opened: Future[int] = Future()
        # Opening a fifo for writing returns when its reader is there: an event,
        # but one that only a thread can wait for with a deadline.
        threading.Thread(
            target=lambda: opened.set_result(os.open(self._path, os.O_WRONLY)), daemon=True
        ).start()
        try:
            self._writer = opened.result(timeout)
        except TimeoutError:
            raise AssertionError(f"no tool reached {self._path} in {timeout} s") from None
        return Moment.now()

    def open(self) -> Moment:
        """Let the tool at the gate finish; the moment at which that was done."""
        assert self._writer is not None, "nothing is waiting at the gate"
        now = Moment.now()
        os.close(self._writer)
        self._writer = None
        return now
