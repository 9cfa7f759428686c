"""An orderly stop of a unit has systemd count its starts from 0 again."""

from __future__ import annotations

from pathlib import Path

from testing.support import DAEMON, Place

# It writes down what it was called with, and its environment.
SYSTEMCTL = """#!/bin/sh
echo "$@" > "$HOME/called"
env > "$HOME/environ"
"""


def start_and_stop(place: Place, **environ: str) -> None:
    """A daemon with that `systemctl` first on its PATH."""
    program = place.root / "bin/systemctl"
    program.parent.mkdir()
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    path = f"{program.parent}:{place.environ['PATH']}"
    assert place.start(DAEMON, {"PATH": path, **environ}).stop() == 0


def test_it_gets_a_minimal_environment(place: Place) -> None:
    start_and_stop(place, INVOCATION_ID="1", ANTHROPIC_API_KEY="secret", NOT_LISTED="x")
    assert (place.home / "called").read_text() == (
        "--user reset-failed acd.service acd-notify.service\n"
    )
    told = (place.home / "environ").read_text()
    assert f"HOME={place.home}\n" in told
    assert "secret" not in told
    assert "NOT_LISTED" not in told


def test_a_daemon_that_is_no_unit_asks_nothing_of_systemd(place: Place) -> None:
    start_and_stop(place)
    assert not Path(place.home / "called").exists()
