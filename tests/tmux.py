"""A real tmux that somebody looks at.

Responsible for a server with a client, in a test's own place. It refuses to
know what runs in it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.support import WAIT, Place, end_tmux


class Tmux:
    """A tmux server with a client: the window of another tmux, so that somebody looks at it."""

    def __init__(self, home: Place, columns: int = 100, rows: int = 20):
        self._home = home
        self.socket = home.root / "inner"
        self._outer = home.root / "outer"
        self._environ = home.environ | {"SHELL": "/bin/sh", "TERM": "screen-256color"}
        size = ("-x", str(columns), "-y", str(rows))
        self.run("new-session", "-d", "-s", "work", *size, "sleep 1000")
        self._tmux(
            self._outer, "new-session", "-d", *size, f"env -u TMUX tmux -S {self.socket} attach"
        )
        # It is there to the end, also when the client has left.
        self._tmux(self._outer, "set-option", "-g", "remain-on-exit", "on")
        self.until(lambda: "[work]" in self.seen())
        self.pid = self.run("display-message", "-p", "#{pid}").strip()

    def _tmux(self, socket: Path, *words: str) -> str:
        argv = ["tmux", "-S", str(socket), "-f", "/dev/null", *words]
        done = subprocess.run(
            argv, env=self._environ, capture_output=True, text=True, timeout=WAIT, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, *words: str) -> str:
        """A command to the server."""
        return self._tmux(self.socket, *words)

    def close(self) -> None:
        for socket in (self._outer, self.socket):
            end_tmux("tmux", "-S", str(socket), environ=self._environ)

    def window(self, *argv: str, name: str = "w") -> str:
        """A new window that runs a program; the id of its pane."""
        form = ("-P", "-F", "#{pane_id}", "-n", name)
        return self.run("new-window", *form, "-c", str(self._home.root), "--", *argv).strip()

    def hints(self, pane: str) -> dict[str, str]:
        """What a hook in the pane would find in its environment."""
        return {"TMUX": f"{self.socket},{self.pid},0", "TMUX_PANE": pane}

    def press(self, pane: str, *keys: str) -> None:
        self.run("send-keys", "-t", pane, *keys)

    def screen(self, pane: str) -> str:
        return self.run("capture-pane", "-p", "-t", pane)

    def seen_pane(self) -> str:
        """The pane that the client looks at."""
        return self.run("list-clients", "-F", "#{pane_id}").strip()

    def popup(self, command: str) -> subprocess.Popen[bytes]:
        """A popup before the client; it ends with the popup."""
        tmux = ("tmux", "-S", str(self.socket), "display-popup", "-E", "-w", "100%", "-h", "100%")
        return subprocess.Popen([*tmux, command], env=self._environ)

    def seen(self) -> str:
        """What the client shows, popups included."""
        return self._tmux(self._outer, "capture-pane", "-p")

    def type(self, *keys: str) -> None:
        """Keys of the client itself, wherever they go."""
        self._tmux(self._outer, "send-keys", *keys)

    def report_focus(self, *, there: bool) -> None:
        """What the client's terminal tells when it gets or loses the focus (xterm's 1004)."""
        self._tmux(self._outer, "send-keys", "-l", "\x1b[I" if there else "\x1b[O")

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT
        while not is_so():
            assert time.monotonic() < deadline, self.seen()
            time.sleep(0.02)

    def until_seen(self, pane: str, *texts: str) -> None:
        """Waits until the pane shows all these."""
        self.until(lambda: all(text in self.screen(pane) for text in texts))
