"""A user with a clone of acd on a machine with systemd.

The methods use install.sh, the command line, the socket and the service manager.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from testing.checkout import CHECKOUT as HERE
from testing.home import tree
from testing.system.user_manager import HOME, UID, NamespaceManager

CHECKOUT = HOME / "acd"
DATA = HOME / ".local/share/acd"

INSTALL_SECONDS = 500
"""Enough for pip to download and build everything on a slow machine."""

# Sends each argument as a line, after the reply to the one before.
_REQUEST = r"""
import os, socket, sys
with socket.socket(socket.AF_UNIX) as peer:
    peer.settimeout(30)
    peer.connect(os.environ["XDG_RUNTIME_DIR"] + "/acd/acd.sock")
    with peer.makefile("rw", encoding="utf-8", newline="\n") as stream:
        for line in sys.argv[1:]:
            stream.write(line + "\n")
            stream.flush()
            sys.stdout.write(stream.readline())
"""

# pidfd_open(2): readable when the process has ended.
_AWAIT_END = r"""
import os, select, sys
try:
    ended = select.select([os.pidfd_open(int(sys.argv[1]))], [], [], 30)[0]
except ProcessLookupError:
    ended = [True]
sys.exit(0 if ended else "the process did not end")
"""


class AcdUser(NamespaceManager):
    """The test user, logged in, with acd's checkout in ~/acd."""

    def clone(self) -> None:
        """Copies the files of a clone of this checkout into ~/acd."""
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=HERE,
            check=True,
            capture_output=True,
        ).stdout
        existing = [name for name in names.split(b"\0") if name and (HERE / name.decode()).exists()]
        target = self.home / "acd"
        target.mkdir()
        archive = subprocess.run(
            ["tar", "--create", "--null", "--files-from=-"],
            cwd=HERE,
            check=True,
            capture_output=True,
            input=b"\0".join(existing),
        ).stdout
        subprocess.run(
            ["tar", "--extract", f"--owner={UID}", "-C", target], check=True, input=archive
        )
        subprocess.run(["chown", "-R", f"{UID}:{UID}", target], check=True)

    def install(
        self, *options: str, check: bool = True, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs ./install.sh from the home directory, without a terminal."""
        return self.run(
            str(CHECKOUT / "install.sh"),
            *options,
            check=check,
            environment=environment,
            timeout=INSTALL_SECONDS,
        )

    def acd(self, *arguments: str) -> str:
        """The output of `acd ARGUMENTS`. Raises AssertionError unless its status is 0."""
        return self.run("acd", *arguments).stdout

    def request(self, *lines: str) -> list[str]:
        """The replies to requests on one connection."""
        return self.run("python3", "-I", "-c", _REQUEST, *lines).stdout.splitlines()

    def sessions(self) -> dict[str, dict[str, Any]]:
        """The sessions in the reply to LIST, by id."""
        [reply] = self.request("LIST")
        verb, _, body = reply.partition(" ")
        assert verb == "STATE", reply
        return {session["id"]: session for session in json.loads(body)}

    def unit(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "--user", "show", "--value", "-p", name, unit).stdout.strip()

    def systemctl(self, *arguments: str) -> str:
        return self.run("systemctl", "--user", *arguments).stdout

    def daemon_state(self) -> str:
        return self.unit("acd.service", "ActiveState")

    def daemon_pid(self) -> int:
        """The daemon's pid in the user's namespace; 0 if none runs."""
        return int(self.unit("acd.service", "MainPID"))

    def await_end(self, pid: int) -> None:
        """Returns when that process has ended."""
        self.run("python3", "-I", "-c", _AWAIT_END, str(pid))

    def await_status(self, part: str) -> None:
        """Returns when the daemon's STATUS line contains that; AssertionError after 10 s.

        systemctl cannot wait for a status: it is read again and again.
        """
        deadline = time.monotonic() + 10
        while part not in (status := self.unit("acd.service", "StatusText")):
            assert time.monotonic() < deadline, status

    def await_subscriber(self) -> None:
        """Returns when the daemon has a subscriber; it reports that in INFO only."""
        deadline = time.monotonic() + 10
        while json.loads(self.request("INFO")[0].removeprefix("OK "))["subscribers"] == 0:
            assert time.monotonic() < deadline, "no subscriber"

    def configure(self, text: str) -> None:
        """Writes config.toml."""
        self.write(".config/acd/config.toml", text)

    def write(self, path: str, text: str) -> None:
        """Writes a file below the home directory, and its directories, as the user."""
        self.run("sh", "-c", 'mkdir -p "$(dirname "$0")" && cat >"$0"', path, input=text)

    def files(self) -> dict[str, str]:
        """The paths below the home directory, as of tree(), without caches."""
        return tree(self.home, ".cache")
