"""A home in which the real Codex runs apart from everything else on the machine.

It knows which files and variables Codex reads, and what it leaves behind; acd's
hooks are put in place, and trusted, by `acd install` itself.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

from testing.e2e.codex.network import Network
from testing.e2e.home import Gate

_SECONDS = 120
_SERVERS = Path(f"/tmp/codex-daemon-{os.getuid()}")
"""Where Codex's servers have their sockets: all of a user's, whatever TMPDIR says."""


class CodexHome:
    """A temporary HOME with a project directory, removed at the end of its `with`.

    The path is short: a Unix socket's may have at most 104 bytes.
    """

    def __init__(self, programs: Path, api_url: str, network: Network) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="acd-")).resolve()
        self.network = network
        self.project = self.root / "project"
        self.config_dir = self.root / ".codex"
        self.socket = self.root / "run" / "acd.sock"
        for directory in (self.project, self.config_dir, self.root / "tmp", self.socket.parent):
            directory.mkdir(mode=0o700)
        self.environment = {
            "HOME": str(self.root),
            "TMPDIR": str(self.root / "tmp"),
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "SHELL": "/bin/sh",
            "ACD_SOCKET": str(self.socket),
            "XDG_RUNTIME_DIR": str(self.socket.parent),
            "STAND_IN_KEY": "not-a-real-key",
        }
        (self.config_dir / "config.toml").write_text(
            _CONFIG.format(url=api_url, project=self.project)
        )
        program = self.root / ".local" / "bin" / "acd"
        program.parent.mkdir(parents=True)
        program.symlink_to(Path(sys.executable).with_name("acd"))
        self._before = _sockets()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.network.end_all()
        for path in _sockets() - self._before:
            if not _is_served(path):  # else it is another Codex's, which has just begun
                path.unlink(missing_ok=True)
                path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
        with suppress(OSError):  # not empty: others are in it
            _SERVERS.rmdir()
        shutil.rmtree(self.root, ignore_errors=True)

    def share_a_server(self, packages: Path) -> None:
        """Codex as it is without further settings: a TUI starts a server for all of them.

        It copies the programs for that into `packages`, 404 MB, where they are not there yet.
        """
        (self.config_dir / "packages").symlink_to(packages)
        config = self.config_dir / "config.toml"
        config.write_text(config.read_text().replace("auto_start = false", "auto_start = true"))

    def gate(self) -> Gate:
        return Gate(self.project)

    def acd(self, *arguments: str) -> str:
        """What `acd ARGUMENTS` prints, run where Codex is."""
        return self.python("-m", "acd", *arguments)

    def python(self, *arguments: str) -> str:
        """What a Python with acd prints, run where Codex is."""
        done = subprocess.run(
            self.network.inside(sys.executable, *arguments),
            env=self.environment,
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout


def _sockets() -> set[Path]:
    return {path for path in _SERVERS.glob("*") if path.is_socket()}


def _is_served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


_CONFIG = """\
model = "gpt-5.4"
model_provider = "stand-in"
approval_policy = "on-request"
sandbox_mode = "workspace-write"
check_for_update_on_startup = false
# Enter that follows a text at once would be taken for a part of what was pasted.
disable_paste_burst = true

# Where its sandbox lets a command write it puts a .git, and leaves it behind when
# it is killed: not into a directory that others share.
[sandbox_workspace_write]
exclude_slash_tmp = true
exclude_tmpdir_env_var = true

[features]
daemon_auto_start = false

[model_providers.stand-in]
name = "stand-in"
base_url = "{url}"
wire_api = "responses"
env_key = "STAND_IN_KEY"
request_max_retries = 1
stream_max_retries = 2

[projects."{project}"]
trust_level = "trusted"
"""
