"""The bar in a real tmux, by polling and with a follower."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from testing.cli_runs import run, until, until_subscribed
from testing.command_line import ViewStatusLine
from testing.support import WAIT, DaemonHome

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")


PUSHED = ("set -g status-right '<#{@acd}>'", "run-shell -b 'exec acd bar tmux --follow'")


def test_a_status_line_that_polls_shows_a_change(
    alone: DaemonHome, status_line: ViewStatusLine
) -> None:
    alone.start()
    alone.ask("SET a question", "SET b working")
    viewer = status_line("set -g status-interval 1", "set -g status-right '<#(acd bar tmux)>'")
    viewer.until_in_status_line("<▲1 ▸1>")
    alone.ask("SET a closed")
    viewer.until_in_status_line("<▸1>")


def test_a_status_line_with_a_follower_needs_no_interval(
    alone: DaemonHome, status_line: ViewStatusLine
) -> None:
    alone.start()
    alone.ask("SET a question")
    viewer = status_line("set -g status-interval 0", *PUSHED)
    viewer.until_in_status_line("<▲1>")
    alone.ask("SET a attention", "SET b working")
    viewer.until_in_status_line("<●1 ▸1>")


def test_a_session_named_like_a_command_is_shown_and_not_run(
    alone: DaemonHome, status_line: ViewStatusLine
) -> None:
    alone.start()
    touched = alone.root / "touched"
    alone.ask(f'SET a question {{"name": "#(touch {touched})##(touch {touched})"}}')
    once = "#(acd bar tmux --template '{name}')"
    follower = "run-shell -b \"exec acd bar tmux --follow --template '{name}'\""
    right = f'set -g status-right "<{once}> <#{{@acd}}> <#{{E:@acd}}>"'
    viewer = status_line("set -g status-interval 1", right, follower)
    name = f"<♯(touch {touched})"[:30]
    until(lambda: viewer.screen().split("\n")[-1].count(name) == 3)
    assert not touched.exists()


def test_a_configuration_that_is_read_again_leaves_one_follower(
    alone: DaemonHome, status_line: ViewStatusLine
) -> None:
    alone.start()
    viewer = status_line("set -g status-interval 0", *PUSHED)
    until_subscribed(alone)
    viewer.tmux.run("source-file", str(viewer.tmux.config))
    until_subscribed(alone, 2)
    alone.ask("SET a question")
    until_subscribed(alone, 1)
    alone.ask("SET a working")
    viewer.until_in_status_line("<▸1>")


def test_the_follower_ends_with_its_tmux(alone: DaemonHome, status_line: ViewStatusLine) -> None:
    alone.start()
    viewer = status_line(*PUSHED)
    until_subscribed(alone)
    viewer.tmux.end()
    until_subscribed(alone, 0)


def test_the_tmux_command_gets_no_secret_of_the_environment(
    alone: DaemonHome,
) -> None:
    program = alone.root / "tmux"
    program.write_text(f"#!/bin/sh\nenv >{alone.root}/env\nexit 1\n")
    program.chmod(0o755)
    alone.environ |= {
        "PATH": f"{alone.root}:{alone.environ['PATH']}",
        "TMUX": "/run/tmux,1,0",
        "ANTHROPIC_API_KEY": "sk-secret",
    }
    assert run(alone, "bar", "tmux", "--follow").code == 1
    had = (alone.root / "env").read_text()
    assert "TMUX=/run/tmux,1,0\n" in had
    assert "sk-secret" not in had


def test_a_follower_for_tmux_outside_of_tmux_is_an_error(alone: DaemonHome) -> None:
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
