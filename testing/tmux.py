"""A real tmux server with attached clients.

Each client runs in a window of a second server, which gives it a screen and a keyboard.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from testing.cli_runs import until
from testing.support import WAIT, DaemonHome


class Tmux:
    """A server with the session `work`, without clients."""

    def __init__(self, home: DaemonHome, *config: str, columns: int = 100, rows: int = 20):
        self.socket = home.root / "inner"
        self.config = home.root / "tmux.conf"
        self.config.write_text("\n".join([*config, ""]))
        self.screens = home.root / "screens"
        self.viewers: list[Viewer] = []
        self.environ = {**home.environ, "SHELL": "/bin/sh", "TERM": "screen-256color"}
        self.size = ("-x", str(columns), "-y", str(rows))
        self._root = home.root
        self.run("new-session", "-d", "-s", "work", *self.size, "sleep 1000")
        self.pid = self.run("display-message", "-p", "#{pid}")

    def run(self, *words: str) -> str:
        """The output of a command of the server."""
        return self.run_on(self.socket, *words)

    def run_on(self, socket: Path, *words: str) -> str:
        """The output of a command of this server or of that of the screens."""
        config = self.config if socket == self.socket else os.devnull
        done = subprocess.run(
            ["tmux", "-S", str(socket), "-f", str(config), *words],
            env=self.environ,
            cwd=self._root,
            capture_output=True,
            text=True,
            timeout=WAIT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.rstrip()

    def end(self) -> None:
        """Ends both servers and what runs in them. May be called again."""
        for socket in (self.screens, self.socket):
            _end("tmux", "-S", str(socket), environ=self.environ)

    def window(self, *argv: str, name: str = "w") -> str:
        """Opens a window in front that runs a program; returns the id of its pane."""
        form = ("-P", "-F", "#{pane_id}", "-n", name)
        return self.run("new-window", *form, "-c", str(self._root), "--", *argv)

    def background_pane(self, session: str) -> str:
        """Makes a session with a second, hidden window; returns the id of that window's pane."""
        self.run("new-session", "-d", "-s", session, "sleep 1000")
        form = ("-d", "-P", "-F", "#{pane_id}", "-t", f"{session}:")
        return self.run("new-window", *form, "sleep 1000")

    def hints(self, pane: str) -> dict[str, str]:
        """The variables that a hook in the pane finds in its environment."""
        return {"TMUX": f"{self.socket},{self.pid},0", "TMUX_PANE": pane}

    def press(self, pane: str, *keys: str) -> None:
        """Sends keys to the program in the pane."""
        self.run("send-keys", "-t", pane, *keys)

    def screen(self, pane: str) -> str:
        """The text in the pane."""
        return self.run("capture-pane", "-p", "-t", pane)

    def attach(self, session: str = "work") -> Viewer:
        """Attaches a client to the session."""
        viewer = Viewer(self, len(self.viewers), session)
        self.viewers.append(viewer)
        return viewer

    def clients(self) -> dict[str, str]:
        """The pane that each client shows, by the client's name."""
        lines = self.run("list-clients", "-F", "#{client_name} #{pane_id}").splitlines()
        return dict(line.split() for line in lines)

    def until(self, is_so: Callable[[], bool]) -> None:
        """Polls a condition until it holds. A failure shows the clients' screens."""
        until(is_so, lambda: "\n".join(viewer.screen() for viewer in self.viewers))

    def until_seen(self, pane: str, *texts: str) -> None:
        """Waits until the pane shows all these texts."""
        self.until(lambda: all(text in self.screen(pane) for text in texts))


class Viewer:
    """An attached client, with a screen and a keyboard."""

    def __init__(self, tmux: Tmux, number: int, session: str):
        self.tmux = tmux
        self._name = f"at-{number}"
        before = tmux.clients().keys()
        attach = f"env -u TMUX -u TMUX_PANE tmux -S {tmux.socket} attach -t {session}"
        self._run("new-session", "-d", "-s", self._name, *tmux.size, attach)
        # The screen is the client's alone, and it stays after the client has detached.
        self._run("set-option", "-g", "status", "off")
        self._run("set-option", "-g", "remain-on-exit", "on")
        until(lambda: len(tmux.clients()) > len(before), self.screen)
        [self.client] = tmux.clients().keys() - before
        """Its name in tmux."""

    def _run(self, *words: str) -> str:
        return self.tmux.run_on(self.tmux.screens, *words)

    def pane(self) -> str:
        """The id of the pane that it shows; empty if it has detached."""
        return self.tmux.clients().get(self.client, "")

    def press(self, *keys: str) -> None:
        """Presses keys, by their names in tmux."""
        self._run("send-keys", "-t", self._name, *keys)

    def type(self, text: str) -> None:
        """Sends text from its terminal, without key names."""
        self._run("send-keys", "-t", self._name, "-l", text)

    def report_focus(self, *, there: bool) -> None:
        """Sends the terminal's report that it got or lost the focus (xterm, mode 1004)."""
        self.type("\x1b[I" if there else "\x1b[O")

    def screen(self) -> str:
        """The text on its screen, popups included."""
        return self._run("capture-pane", "-p", "-t", self._name)

    def until_in_status_line(self, text: str) -> None:
        """Waits until the last line of its screen contains the text."""
        self.tmux.until(lambda: text in self.screen().split("\n")[-1])

    def popup(self, command: str) -> subprocess.Popen[bytes]:
        """Opens a popup; the returned process ends with it."""
        tmux = ("tmux", "-S", str(self.tmux.socket), "display-popup", "-c", self.client)
        return subprocess.Popen(
            [*tmux, "-E", "-w", "100%", "-h", "100%", command], env=self.tmux.environ
        )


@contextmanager
def a_tmux(home: DaemonHome, *config: str, columns: int = 100, rows: int = 20) -> Iterator[Tmux]:
    """Runs a server with this configuration."""
    made = Tmux(home, *config, columns=columns, rows=rows)
    try:
        yield made
    finally:
        made.end()


def _end(*argv: str, environ: dict[str, str]) -> None:
    """Ends the server of this command line, and waits for the programs in its panes.

    A dashboard that outlives its server would start another daemon.
    """

    def run(*words: str) -> str:
        done = subprocess.run(
            [*argv, *words],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT,
        )
        return done.stdout

    waiting = []
    for pid in run("list-panes", "-a", "-F", "#{pane_pid}").split():
        with contextlib.suppress(ProcessLookupError):
            waiting.append(os.pidfd_open(int(pid)))
    run("kill-server")
    for pidfd in waiting:
        select.select([pidfd], [], [], WAIT)
        os.close(pidfd)
