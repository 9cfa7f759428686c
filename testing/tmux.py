"""A real tmux, and people who look at it.

Responsible for a server in a test's own place, for its clients (each is the
window of another server, so that there is a screen), and for ending both. It
refuses to know what runs in it.
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
from testing.support import WAIT, Place


class Tmux:
    """A server with the session `work`, at which nobody looks yet."""

    def __init__(self, place: Place, *config: str, columns: int = 100, rows: int = 20):
        self.socket = place.root / "inner"
        self.config = place.root / "tmux.conf"
        self.config.write_text("\n".join([*config, ""]))
        self.screens = place.root / "screens"
        self.viewers: list[Viewer] = []
        self.environ = {**place.environ, "SHELL": "/bin/sh", "TERM": "screen-256color"}
        self.size = ("-x", str(columns), "-y", str(rows))
        self._root = place.root
        self.run("new-session", "-d", "-s", "work", *self.size, "sleep 1000")
        self.pid = self.run("display-message", "-p", "#{pid}")

    def run(self, *words: str) -> str:
        """A command to the server."""
        return self.tell(self.socket, *words)

    def tell(self, socket: Path, *words: str) -> str:
        """A command to the server of the screens, or to this one."""
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
        """Ends it with all that runs in it; once is enough."""
        for socket in (self.screens, self.socket):
            _end("tmux", "-S", str(socket), environ=self.environ)

    def window(self, *argv: str, name: str = "w") -> str:
        """A new window that runs a program, in front of the others; the id of its pane."""
        form = ("-P", "-F", "#{pane_id}", "-n", name)
        return self.run("new-window", *form, "-c", str(self._root), "--", *argv)

    def hidden(self, session: str) -> str:
        """A session of that name, with a window behind the first one; the id of its pane."""
        self.run("new-session", "-d", "-s", session, "sleep 1000")
        form = ("-d", "-P", "-F", "#{pane_id}", "-t", f"{session}:")
        return self.run("new-window", *form, "sleep 1000")

    def hints(self, pane: str) -> dict[str, str]:
        """What a hook in the pane would find in its environment."""
        return {"TMUX": f"{self.socket},{self.pid},0", "TMUX_PANE": pane}

    def press(self, pane: str, *keys: str) -> None:
        """Keys for what runs in the pane."""
        self.run("send-keys", "-t", pane, *keys)

    def screen(self, pane: str) -> str:
        """What is in the pane, whether somebody looks or not."""
        return self.run("capture-pane", "-p", "-t", pane)

    def look(self, session: str = "work") -> Viewer:
        """Somebody comes, and looks at the session."""
        viewer = Viewer(self, len(self.viewers), session)
        self.viewers.append(viewer)
        return viewer

    def clients(self) -> dict[str, str]:
        """Each client's name, and the pane that it looks at."""
        lines = self.run("list-clients", "-F", "#{client_name} #{pane_id}").splitlines()
        return dict(line.split() for line in lines)

    def until(self, is_so: Callable[[], bool]) -> None:
        """Waits for what nobody tells of; if it never comes, the screens are told."""
        until(is_so, lambda: "\n".join(viewer.screen() for viewer in self.viewers))

    def until_seen(self, pane: str, *texts: str) -> None:
        """Waits until the pane shows all these."""
        self.until(lambda: all(text in self.screen(pane) for text in texts))


class Viewer:
    """Somebody who looks: a client of the server, with a screen and a keyboard."""

    def __init__(self, tmux: Tmux, number: int, session: str):
        self.tmux = tmux
        self._name = f"at-{number}"
        before = tmux.clients().keys()
        attach = f"env -u TMUX -u TMUX_PANE tmux -S {tmux.socket} attach -t {session}"
        self._tell("new-session", "-d", "-s", self._name, *tmux.size, attach)
        # Of the screen all is the client's, and it is there to the end, also when that has left.
        self._tell("set-option", "-g", "status", "off")
        self._tell("set-option", "-g", "remain-on-exit", "on")
        until(lambda: len(tmux.clients()) > len(before), self.screen)
        [self.client] = tmux.clients().keys() - before
        """Its name."""

    def _tell(self, *words: str) -> str:
        return self.tmux.tell(self.tmux.screens, *words)

    def pane(self) -> str:
        """The pane that it looks at; none if it has left."""
        return self.tmux.clients().get(self.client, "")

    def press(self, *keys: str) -> None:
        """Keys, by tmux's names, wherever they go."""
        self._tell("send-keys", "-t", self._name, *keys)

    def type(self, text: str) -> None:
        """What its terminal sends, as it is."""
        self._tell("send-keys", "-t", self._name, "-l", text)

    def report_focus(self, *, there: bool) -> None:
        """What its terminal tells when it gets or loses the focus (xterm's 1004)."""
        self.type("\x1b[I" if there else "\x1b[O")

    def screen(self) -> str:
        """What it sees, popups included."""
        return self._tell("capture-pane", "-p", "-t", self._name)

    def until_in_status_line(self, text: str) -> None:
        """Waits until the last line that it sees has the text."""
        self.tmux.until(lambda: text in self.screen().split("\n")[-1])

    def popup(self, command: str) -> subprocess.Popen[bytes]:
        """A popup before it; the process ends with the popup."""
        tmux = ("tmux", "-S", str(self.tmux.socket), "display-popup", "-c", self.client)
        return subprocess.Popen(
            [*tmux, "-E", "-w", "100%", "-h", "100%", command], env=self.tmux.environ
        )


@contextmanager
def a_tmux(place: Place, *config: str, columns: int = 100, rows: int = 20) -> Iterator[Tmux]:
    """A server that is gone afterwards."""
    made = Tmux(place, *config, columns=columns, rows=rows)
    try:
        yield made
    finally:
        made.end()


def _end(*argv: str, environ: dict[str, str]) -> None:
    """Ends a server (its command line), and waits for what ran in its panes.

    A dashboard that lives a moment longer would start the next daemon.
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
