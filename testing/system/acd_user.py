"""A user who has cloned acd: what they type, and what they can see of it.

Responsible for the words in which the system tests speak of acd on a machine
with systemd. It refuses to look inside the daemon: everything goes through
install.sh, the command line, the socket and the service manager.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from testing.checkout import CHECKOUT as HERE
from testing.home import tree
from testing.system.user_manager import HOME, UID, UserManager

CHECKOUT = HOME / "acd"
DATA = HOME / ".local/share/acd"

INSTALL_SECONDS = 500
"""Enough for pip to fetch and build everything on a slow machine."""

# Each line of its arguments is sent when the one before it has been answered.
_TELL = r"""
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


class AcdUser(UserManager):
    """The test user, logged in, with acd's checkout in ~/acd."""

    def clone(self) -> None:
        """Put what a clone of this checkout would hold into ~/acd."""
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=HERE,
            check=True,
            capture_output=True,
        ).stdout
        there = [name for name in names.split(b"\0") if name and (HERE / name.decode()).exists()]
        target = self.home / "acd"
        target.mkdir()
        archive = subprocess.run(
            ["tar", "--create", "--null", "--files-from=-"],
            cwd=HERE,
            check=True,
            capture_output=True,
            input=b"\0".join(there),
        ).stdout
        subprocess.run(
            ["tar", "--extract", f"--owner={UID}", "-C", target], check=True, input=archive
        )
        subprocess.run(["chown", "-R", f"{UID}:{UID}", target], check=True)

    def install(
        self, *options: str, check: bool = True, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ./install.sh as the user would: from the home directory, no terminal."""
        return self.run(
            str(CHECKOUT / "install.sh"),
            *options,
            check=check,
            environment=environment,
            timeout=INSTALL_SECONDS,
        )

    def acd(self, *arguments: str) -> str:
        """What `acd ARGUMENTS` prints; AssertionError unless its status is 0."""
        return self.run("acd", *arguments).stdout

    def tell(self, *lines: str) -> list[str]:
        """The reply to each request, all of them on one connection."""
        return self.run("python3", "-I", "-c", _TELL, *lines).stdout.splitlines()

    def sessions(self) -> dict[str, dict[str, Any]]:
        """What LIST tells, by session."""
        [reply] = self.tell("LIST")
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
        """The running daemon's process, as the user sees it; 0 if there is none."""
        return int(self.unit("acd.service", "MainPID"))

    def await_end(self, pid: int) -> None:
        """Return when that process has ended."""
        self.run("python3", "-I", "-c", _AWAIT_END, str(pid))

    def await_status(self, part: str) -> None:
        """Return when the daemon's STATUS line holds that; AssertionError if it never does.

        The daemon gathers changes for a moment, and systemctl can only be asked again.
        """
        deadline = time.monotonic() + 10
        while part not in (status := self.unit("acd.service", "StatusText")):
            assert time.monotonic() < deadline, status

    def await_subscriber(self) -> None:
        """Return when somebody has subscribed: of that nobody else is told."""
        deadline = time.monotonic() + 10
        while json.loads(self.tell("INFO")[0].removeprefix("OK "))["subscribers"] == 0:
            assert time.monotonic() < deadline, "nobody has subscribed"

    def configure(self, text: str) -> None:
        """Write config.toml."""
        self.write(".config/acd/config.toml", text)

    def write(self, path: str, text: str) -> None:
        """Write a file below the home directory, with its directories, as the user."""
        self.run("sh", "-c", 'mkdir -p "$(dirname "$0")" && cat >"$0"', path, input=text)

    def files(self) -> dict[str, str]:
        """What is below the home directory: path to mode and content, or to a link's target.

        Caches are left out: they hold nothing of anybody's.
        """
        return tree(self.home, ".cache")
