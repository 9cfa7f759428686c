"""Who looks is not told: `acd notify` beside a real tmux and a real dashboard."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acd.notify import presence
from acd.notify.presence import Presence
from testing.agents import asks
from testing.cli_runs import until
from testing.notifier import Notify, pipe, tell
from testing.support import Place
from testing.tmux import Tmux, Viewer, a_tmux

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")


@pytest.fixture
def told(here: Place) -> Path:
    """What the command tells, configured with no grace."""
    return pipe(here)


@pytest.fixture
def tmux(here: Place) -> Iterator[Tmux]:
    with a_tmux(here) as made:
        yield made


@pytest.fixture
def viewer(tmux: Tmux) -> Viewer:
    """Who looks at it."""
    return tmux.look()


def configure(here: Place, told: Path, seen: float) -> None:
    options = f"grace_seconds = 0\nafter_seconds = 0\nseen_seconds = {seen}\n"
    here.configure(f"[notify]\n{options}command = {json.dumps(tell(told))}\n")


def session(told: Path) -> str:
    """The session that the user is told of next."""
    _, found = json.loads(told.read_text())
    return str(found["id"])


@needs_tmux
def test_a_question_in_the_pane_that_is_looked_at_is_not_told_and_one_beside_it_is(
    here: Place, notify: Notify, told: Path, tmux: Tmux, viewer: Viewer
) -> None:
    configure(here, told, seen=60)
    here.start()
    notify()
    behind = viewer.pane()
    front = tmux.window("sleep", "1000")
    asks(here, "front", tmux.hints(front))
    asks(here, "behind", tmux.hints(behind))
    assert session(told) == "behind"


@needs_tmux
def test_who_looks_away_without_an_answer_is_told_in_the_end(
    here: Place, notify: Notify, told: Path, tmux: Tmux, viewer: Viewer
) -> None:
    configure(here, told, seen=3)
    here.start()
    notify()
    front = tmux.window("sleep", "1000")
    viewer.type("x")  # a key, now
    asks(here, "one", tmux.hints(front))
    asks(here, "nowhere", {})
    assert session(told) == "nowhere"
    tmux.window("sleep", "1000")
    assert session(told) == "one"


@needs_tmux
def test_where_looks_do_not_count_it_is_told_all_the_same(
    here: Place, notify: Notify, told: Path, tmux: Tmux, viewer: Viewer
) -> None:
    configure(here, told, seen=0)
    here.start()
    notify()
    asks(here, "one", tmux.hints(viewer.pane()))
    assert session(told) == "one"


def test_a_dashboard_with_its_user_keeps_it_quiet_and_no_longer_than_that(
    here: Place, notify: Notify, told: Path
) -> None:
    configure(here, told, seen=60)
    here.start()
    notify()
    dashboard = Presence(here.socket)
    dashboard.here()
    here.ask("SET one question")
    _until_decided(here, "one")
    dashboard.away()
    here.ask("SET two question")
    assert session(told) == "two"


def _until_decided(here: Place, name: str) -> None:
    """Waits until the notifier has taken a session in; with no grace it has decided then."""
    memory = Path(f"{here.socket}.notified")
    until(lambda: memory.exists() and name in json.loads(memory.read_text())["waits"])


@needs_tmux
def test_a_dashboard_that_was_killed_keeps_nothing_quiet(
    here: Place, notify: Notify, told: Path, tmux: Tmux
) -> None:
    configure(here, told, seen=60)
    here.start()
    notify()
    pane = tmux.window(sys.executable, "-m", "acd", "dashboard")
    tmux.until_seen(pane, "no sessions")
    tmux.until(lambda: presence.idle(here.socket) is not None)
    here.ask("SET one question")
    _until_decided(here, "one")
    tmux.until_seen(pane, "▲ question")
    pid = int(tmux.run("display-message", "-p", "-t", pane, "#{pane_pid}"))
    os.kill(pid, signal.SIGKILL)
    until(lambda: presence.idle(here.socket) is None)
    here.ask("SET two question")
    assert session(told) == "two"


@needs_tmux
def test_a_dashboard_has_its_user_as_long_as_its_terminal_says_so(
    here: Place, tmux: Tmux, viewer: Viewer
) -> None:
    def is_there() -> bool:
        return presence.idle(here.socket) is not None

    here.start()
    tmux.run("set-option", "-s", "focus-events", "on")
    pane = tmux.window(sys.executable, "-m", "acd", "dashboard")
    tmux.until_seen(pane, "no sessions")
    tmux.until(is_there)
    viewer.report_focus(there=False)
    tmux.until(lambda: not is_there())
    viewer.report_focus(there=True)
    tmux.until(is_there)
    tmux.window("sleep", "1000")  # before it
    tmux.until(lambda: not is_there())
