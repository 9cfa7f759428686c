"""An orderly stop of a unit resets systemd's counter of its starts."""

from __future__ import annotations

from pathlib import Path

from testing.support import DAEMON, DaemonHome

# Writes its arguments and its environment to files.
SYSTEMCTL = """#!/bin/sh
echo "$@" > "$HOME/called"
env > "$HOME/environ"
"""


def start_and_stop(home: DaemonHome, **environ: str) -> None:
    """Runs a daemon with that `systemctl` first on its PATH."""
    program = home.root / "bin/systemctl"
    program.parent.mkdir()
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    path = f"{program.parent}:{home.environ['PATH']}"
    assert home.start(DAEMON, {"PATH": path, **environ}).stop() == 0


def test_systemctl_gets_a_minimal_environment(home: DaemonHome) -> None:
    start_and_stop(home, INVOCATION_ID="1", ANTHROPIC_API_KEY="secret", NOT_LISTED="x")
    assert (home.home / "called").read_text() == (
        "--user reset-failed acd.service acd-notify.service\n"
    )
    environment = (home.home / "environ").read_text()
    assert f"HOME={home.home}\n" in environment
    assert "secret" not in environment
    assert "NOT_LISTED" not in environment


def test_a_daemon_outside_a_unit_does_not_run_systemctl(home: DaemonHome) -> None:
    start_and_stop(home)
    assert not Path(home.home / "called").exists()
