"""A home in which the real Codex runs apart from everything else on the machine.

`acd install` puts acd's hooks into it and marks them as trusted.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from testing.e2e.codex.network import Network
from testing.e2e.home import AgentHome

_SECONDS = 120
_SERVERS = Path(f"/tmp/codex-daemon-{os.getuid()}")
"""The directory of the sockets of all of a user's Codex servers; TMPDIR does not change it."""


class CodexHome(AgentHome):
    """Codex's home, with the programs' directory on its PATH, in a network namespace."""

    def __init__(self, programs: Path, api_url: str, network: Network) -> None:
        super().__init__(".codex")
        self.network = network
        self.environ |= {
            "PATH": f"{programs}:{self.environ['PATH']}",
            "XDG_RUNTIME_DIR": str(self.directory),
            "STAND_IN_KEY": "not-a-real-key",
        }
        (self.config_dir / "config.toml").write_text(
            _CONFIG.format(url=api_url, project=self.project)
        )
        self._before = _sockets()

    def close(self) -> None:
        self.network.end_all()
        for path in _sockets() - self._before:
            if not _is_served(path):  # a served one belongs to another, new Codex
                path.unlink(missing_ok=True)
                path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
        with suppress(OSError):  # not empty
            _SERVERS.rmdir()
        super().close()

    def share_a_server(self, packages: Path) -> None:
        """Restores Codex's default: the first terminal starts a server for all of them.

        Codex copies the server's programs, 404 MB, into `packages` unless they are there.
        """
        (self.config_dir / "packages").symlink_to(packages)
        config = self.config_dir / "config.toml"
        config.write_text(config.read_text().replace("auto_start = false", "auto_start = true"))

    def acd(self, *arguments: str) -> str:
        """What `acd ARGUMENTS` prints, run where Codex is."""
        return self.python("-m", "acd", *arguments)

    def python(self, *arguments: str) -> str:
        """What a Python with acd prints, run where Codex is."""
        done = subprocess.run(
            self.network.inside(sys.executable, *arguments),
            env=self.environ,
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
# Codex takes an Enter right after a text for a part of pasted text.
disable_paste_burst = true

# Codex makes a .git in each directory that its sandbox lets a command write to, and
# leaves it there when it is killed: shared directories are excluded.
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
