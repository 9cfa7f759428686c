"""`acd notify` while the user looks at a session, in a real tmux and a real dashboard."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from acd.notify import presence
from acd.notify.presence import Presence
from testing.agents import send_question
from testing.cli_runs import until
from testing.notifier import Notify, make_fifo, report_command
from testing.support import DaemonHome
from testing.tmux import Tmux, Viewer, a_tmux

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")


@pytest.fixture
def fifo(here: DaemonHome) -> Path:
    return make_fifo(here)


@pytest.fixture
def tmux(here: DaemonHome) -> Iterator[Tmux]:
    with a_tmux(here) as made:
        yield made


@pytest.fixture
def viewer(tmux: Tmux) -> Viewer:
    return tmux.attach()


def configure(here: DaemonHome, fifo: Path, seen: float) -> None:
    options = f"grace_seconds = 0\nafter_seconds = 0\nseen_seconds = {seen}\n"
    here.configure(f"[notify]\n{options}command = {json.dumps(report_command(fifo))}\n")


def session(fifo: Path) -> str:
    """The id of the session that the user is notified of next."""
    _, found = json.loads(fifo.read_text())
    return str(found["id"])


@needs_tmux
def test_a_question_in_the_visible_pane_is_not_notified_of_and_one_in_a_hidden_pane_is(
    here: DaemonHome, notify: Notify, fifo: Path, tmux: Tmux, viewer: Viewer
) -> None:
    configure(here, fifo, seen=60)
    here.start()
    notify()
    behind = viewer.pane()
    front = tmux.window("sleep", "1000")
    send_question(here, "front", tmux.hints(front))
    send_question(here, "behind", tmux.hints(behind))
    assert session(fifo) == "behind"


@needs_tmux
def test_a_user_who_leaves_the_pane_without_an_answer_is_notified_in_the_end(
    here: DaemonHome, notify: Notify, fifo: Path, tmux: Tmux, viewer: Viewer
) -> None:
    seen = 3
    configure(here, fifo, seen=seen)
    here.start()
    notify()
    front = tmux.window("sleep", "1000")
    typed = time.monotonic()
    viewer.type("x")
    send_question(here, "one", tmux.hints(front))
    send_question(here, "nowhere", {})
    first = session(fifo)
    # A slow machine may need so long that the user has not been active since.
    assert first == "nowhere" or time.monotonic() - typed > seen
    tmux.window("sleep", "1000")
    assert {first, session(fifo)} == {"nowhere", "one"}


@needs_tmux
def test_with_seen_seconds_zero_the_visible_pane_is_notified_of(
    here: DaemonHome, notify: Notify, fifo: Path, tmux: Tmux, viewer: Viewer
) -> None:
    configure(here, fifo, seen=0)
    here.start()
    notify()
    send_question(here, "one", tmux.hints(viewer.pane()))
    assert session(fifo) == "one"


def test_a_user_at_a_dashboard_is_not_notified_until_they_leave_it(
    here: DaemonHome, notify: Notify, fifo: Path
) -> None:
    configure(here, fifo, seen=60)
    here.start()
    notify()
    dashboard = Presence(here.socket)
    dashboard.here()
    here.ask("SET one question")
    _until_decided(here, "one")
    dashboard.away()
    here.ask("SET two question")
    assert session(fifo) == "two"


def _until_decided(here: DaemonHome, name: str) -> None:
    """Waits until the notifier has taken in a session; without grace it has decided then."""
    state = Path(f"{here.socket}.notified")
    until(lambda: state.exists() and name in json.loads(state.read_text())["waits"])


@needs_tmux
def test_a_killed_dashboard_does_not_suppress_notifications(
    here: DaemonHome, notify: Notify, fifo: Path, tmux: Tmux
) -> None:
    configure(here, fifo, seen=60)
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
    assert session(fifo) == "two"


@needs_tmux
def test_the_user_is_at_a_dashboard_while_its_terminal_reports_the_focus(
    here: DaemonHome, tmux: Tmux, viewer: Viewer
) -> None:
    def is_present() -> bool:
        return presence.idle(here.socket) is not None

    here.start()
    tmux.run("set-option", "-s", "focus-events", "on")
    pane = tmux.window(sys.executable, "-m", "acd", "dashboard")
    tmux.until_seen(pane, "no sessions")
    tmux.until(is_present)
    viewer.report_focus(there=False)
    tmux.until(lambda: not is_present())
    viewer.report_focus(there=True)
    tmux.until(is_present)
    tmux.window("sleep", "1000")  # in front of the dashboard
    tmux.until(lambda: not is_present())
