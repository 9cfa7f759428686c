"""The bar in a real tmux: what its status line shows, asked for and pushed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.runs import until, until_subscribed
from tests.support import WAIT, Place, end_tmux

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")


class Tmux:
    """A server of the test's own, and another one around it, so that there is a screen."""

    def __init__(self, place: Place):
        self._place = place
        self._environ = {
            **place.environ,
            "TMUX_TMPDIR": str(place.root),
            "TERM": "screen-256color",
            "PATH": f"{place.root}/bin:/usr/bin:/bin",
        }
        program = place.root / "bin" / "acd"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m acd "$@"\n')
        program.chmod(0o755)
        self._config = place.root / "tmux.conf"

    def start(self, *config: str) -> None:
        """Starts it with this configuration, and a client that shows it."""
        self._config.write_text("\n".join(["set -g status-right-length 150", *config, ""]))
        self.run("bar", "new-session", "-d", "-x", "160", "-y", "5", "sleep 1000")
        self.run("screen", "new-session", "-d", "-x", "160", "-y", "5", "tmux -L bar attach")
        self.run("screen", "set", "-g", "status", "off")

    def run(self, server: str, *command: str) -> str:
        config = str(self._config) if server == "bar" else "/dev/null"
        done = subprocess.run(
            ["tmux", "-L", server, "-f", config, *command],
            env=self._environ,
            capture_output=True,
            text=True,
            check=True,
            timeout=WAIT,
        )
        return done.stdout.strip()

    def status_line(self) -> str:
        """What stands in the last line of the screen."""
        return self.run("screen", "capture-pane", "-p").split("\n")[-1]

    def until_shown(self, text: str) -> None:
        until(lambda: text in self.status_line())

    def end(self) -> None:
        for server in ("screen", "bar"):
            end_tmux("tmux", "-L", server, environ=self._environ)
        if self._place.socket.exists():
            until_subscribed(self._place, 0)  # a follower would wait for the next daemon


@pytest.fixture
def tmux(alone: Place) -> Iterator[Tmux]:
    made = Tmux(alone)
    yield made
    made.end()


PUSHED = ("set -g status-right '<#{@acd}>'", "run-shell -b 'exec acd bar tmux --follow'")


def test_a_status_line_that_asks_shows_what_changed(alone: Place, tmux: Tmux) -> None:
    alone.start()
    alone.ask("SET a question", "SET b working")
    tmux.start("set -g status-interval 1", "set -g status-right '<#(acd bar tmux)>'")
    tmux.until_shown("<▲1 ▸1>")
    alone.ask("SET a closed")
    tmux.until_shown("<▸1>")


def test_a_status_line_that_is_told_needs_no_interval(alone: Place, tmux: Tmux) -> None:
    alone.start()
    alone.ask("SET a question")
    tmux.start("set -g status-interval 0", *PUSHED)
    tmux.until_shown("<▲1>")
    alone.ask("SET a attention", "SET b working")
    tmux.until_shown("<●1 ▸1>")


def test_a_session_named_like_a_command_is_shown_and_not_run(alone: Place, tmux: Tmux) -> None:
    alone.start()
    touched = alone.root / "touched"
    alone.ask(f'SET a question {{"name": "#(touch {touched})##(touch {touched})"}}')
    asks = "#(acd bar tmux --template '{name}')"
    tells = "run-shell -b \"exec acd bar tmux --follow --template '{name}'\""
    shows = f'set -g status-right "<{asks}> <#{{@acd}}> <#{{E:@acd}}>"'
    tmux.start("set -g status-interval 1", shows, tells)
    name = f"<♯(touch {touched})"[:30]
    until(lambda: tmux.status_line().count(name) == 3)
    assert not touched.exists()


def test_a_configuration_that_is_read_again_leaves_one_follower(alone: Place, tmux: Tmux) -> None:
    alone.start()
    tmux.start("set -g status-interval 0", *PUSHED)
    until_subscribed(alone)
    tmux.run("bar", "source-file", str(alone.root / "tmux.conf"))
    until_subscribed(alone, 2)
    alone.ask("SET a question")
    until_subscribed(alone, 1)
    alone.ask("SET a working")
    tmux.until_shown("<▸1>")


def test_the_follower_ends_with_its_tmux(alone: Place, tmux: Tmux) -> None:
    alone.start()
    tmux.start(*PUSHED)
    until_subscribed(alone)
    tmux.end()
    until_subscribed(alone, 0)


def test_outside_of_tmux_there_is_nobody_to_tell(alone: Place) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "acd", "bar", "tmux", "--follow"],
        env=alone.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "run-shell -b" in done.stderr
