"""A tmux that people look at, and what agents in it tell.

Responsible for real servers, real clients (each is the window of another
tmux), and what they see. It refuses to know what any test expects.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.cli.runs import until
from tests.support import WAIT, Place, end_tmux


class Server:
    """A tmux server with a window in each of some sessions, and people before it."""

    def __init__(self, place: Place, name: str = "inner"):
        self.socket = place.root / name
        self._screens = place.root / f"{name}.screens"
        self.environ = {
            **place.environ,
            "SHELL": "/bin/sh",
            "TERM": "screen-256color",
        }
        self._place = place
        self.tmux("new-session", "-d", "-s", "home", "sleep 1000")
        self.pid = self.tmux("display-message", "-p", "#{pid}")

    def _run(self, socket: Path, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(socket), "-f", "/dev/null", *words],
            env=self.environ,
            cwd=self._place.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.rstrip()

    def tmux(self, *words: str) -> str:
        return self._run(self.socket, *words)

    def pane(self, session: str) -> str:
        """A session with a window that nobody looks at yet; the id of its pane."""
        self.tmux("new-session", "-d", "-s", session, "sleep 1000")
        form = ("-d", "-P", "-F", "#{pane_id}", "-t", f"{session}:")
        return self.tmux("new-window", *form, "sleep 1000")

    def somebody_at(self, session: str) -> str:
        """Somebody who looks at the session; the client's name."""
        before = set(self.clients())
        attach = f"env -u TMUX -u TMUX_PANE tmux -S {self.socket} attach -t {session}"
        self._run(self._screens, "new-session", "-d", "-s", f"at-{len(before)}", attach)
        until(lambda: len(self.clients()) > len(before))
        [client] = set(self.clients()) - before
        return client

    def press(self, number: int, *keys: str) -> None:
        """Keys of the somebody who came so many-th, counted from 0."""
        self._run(self._screens, "send-keys", "-t", f"at-{number}", *keys)

    def type(self, number: int, text: str) -> None:
        """What that one's terminal sends, as it is."""
        self._run(self._screens, "send-keys", "-t", f"at-{number}", "-l", text)

    def screen(self, number: int) -> str:
        """What that one sees."""
        return self._run(self._screens, "capture-pane", "-p", "-t", f"at-{number}")

    def clients(self) -> dict[str, str]:
        """Each client's name, and the pane that it looks at."""
        lines = self.tmux("list-clients", "-F", "#{client_name} #{pane_id}").splitlines()
        return dict(line.split() for line in lines)

    def hints(self, pane: str) -> dict[str, str]:
        """What a hook in the pane finds in its environment."""
        return {"TMUX": f"{self.socket},{self.pid},0", "TMUX_PANE": pane}

    def end(self) -> None:
        for socket in (self._screens, self.socket):
            end_tmux("tmux", "-S", str(socket), environ=self.environ)


def tell(place: Place, session: str, event: str, meta: object, **payload: object) -> None:
    """What the hook of a session tells."""
    told = json.dumps({"session_id": session, "hook_event_name": event, **payload})
    packed = json.dumps(meta, separators=(",", ":"))
    assert place.ask(f"HOOK claude-code {packed} {told}") == ["OK"]


def asks(place: Place, session: str, meta: object) -> None:
    tool = {"tool_name": "Bash", "tool_input": {"command": "make"}}
    tell(place, session, "PermissionRequest", meta, cwd=f"/src/{session}", **tool)


def has_finished(place: Place, session: str, meta: object) -> None:
    tell(place, session, "Stop", meta, cwd=f"/src/{session}")
