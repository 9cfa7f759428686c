"""A click on a notification: a real bus, a real notification server and a real tmux."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from jeepney import new_method_call

from acd.notify.dbus import DBusDesktop
from acd.notify.notification import Notification
from testing.agents import send_question
from testing.cli_runs import start, until, until_subscribed
from testing.desktop_server import (
    BUS,
    NAME,
    NotificationServer,
    click_signal,
    reply_to,
    session_bus,
)
from testing.listeners import a_listener
from testing.notifier import DESKTOP, Notify, needs_bus
from testing.strace import needs_strace, wakes_up
from testing.support import WAIT, DaemonHome
from testing.tmux import Tmux, Viewer, a_tmux

pytestmark = [
    needs_bus,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux"),
]

ACTIONS = ["body", "actions"]


@pytest.fixture
def server(bus: str) -> NotificationServer:
    """A notification server with actions."""
    return NotificationServer(bus, ACTIONS)


@pytest.fixture
def viewer(here: DaemonHome) -> Iterator[Viewer]:
    """A client of a tmux."""
    with a_tmux(here) as tmux:
        yield tmux.attach()


@pytest.fixture
def served(here: DaemonHome) -> DaemonHome:
    """A home with a daemon, where every wait is notified of at once."""
    here.configure(f"{DESKTOP}seen_seconds = 0\n")
    here.start()
    return here


def question(home: DaemonHome, tmux: Tmux, server: NotificationServer, name: str) -> str:
    """Opens a question in a hidden pane, and waits for its notification; returns the pane."""
    pane = tmux.background_pane(name)
    send_question(home, name, tmux.hints(pane))
    shown(server, name)
    return pane


def shown(server: NotificationServer, name: str) -> None:
    """Waits for the next notification, which is this session's."""
    call = server.call()
    assert (call[0], call[4], call[6]) == (
        "Notify",
        f"▲ {name}: question",
        ["default", "Go to terminal"],
    )


def until_saved(home: DaemonHome, *names: str) -> None:
    """Waits until the notifier has saved the number of each notification."""
    until(lambda: _state(home)["shown"].keys() == set(names))


def until_known(home: DaemonHome, name: str) -> None:
    """Waits until the notifier has taken in a session."""
    until(lambda: name in _state(home)["waits"])


def _state(home: DaemonHome) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(
        (home.directory / "acd.sock.notified").read_text()
    )
    return found


def line(process: subprocess.Popen[str]) -> str:
    """The next error of the notifier."""
    assert process.stderr is not None
    return process.stderr.readline()


@pytest.mark.parametrize("to_all", [True, False], ids=["to all", "to us alone"])
def test_a_click_shows_the_sessions_pane_and_an_answer_withdraws_the_notification(
    served: DaemonHome, notify: Notify, server: NotificationServer, viewer: Viewer, to_all: bool
) -> None:
    notify()
    pane = question(served, viewer.tmux, server, "api")
    server.click(1, to=None if to_all else server.sender)
    viewer.tmux.until(lambda: viewer.pane() == pane)
    served.ask("SET api working")
    assert server.call() == ("CloseNotification", 1)


def test_withdrawing_what_a_click_has_closed_reports_no_error(
    served: DaemonHome, notify: Notify, server: NotificationServer, viewer: Viewer
) -> None:
    server.failing.add("CloseNotification")
    process = notify()
    pane = question(served, viewer.tmux, server, "api")
    server.click(1)
    viewer.tmux.until(lambda: viewer.pane() == pane)
    served.ask("SET api working")
    assert server.call() == ("CloseNotification", 1)
    until(lambda: not server.is_connected(server.sender))
    process.terminate()
    assert process.communicate(timeout=WAIT)[1] == ""


def test_each_click_shows_its_own_session(
    served: DaemonHome, notify: Notify, server: NotificationServer, viewer: Viewer
) -> None:
    notify()
    panes = [question(served, viewer.tmux, server, name) for name in ("api", "web")]
    for number in (2, 1, 2):
        server.click(number)
        pane = panes[number - 1]
        viewer.tmux.until(lambda: viewer.pane() == pane)  # noqa: B023 - it is called here


def test_other_signals_and_forged_clicks_are_ignored(
    served: DaemonHome, notify: Notify, server: NotificationServer, bus: str, viewer: Viewer
) -> None:
    notify()
    question(served, viewer.tmux, server, "api")
    pane = question(served, viewer.tmux, server, "web")
    until_saved(served, "api", "web")
    server.click(7)
    server.click(1, "dismiss")
    # From a connection that is not the server. The reply shows that the bus has delivered them.
    forged = [click_signal(1, "default"), click_signal(1, "default", server.sender)]
    assert reply_to(bus, new_method_call(BUS, "GetNameOwner", "s", (NAME,)), *forged)
    server.click(2)
    viewer.tmux.until(lambda: viewer.pane() == pane)
    form = ("display-message", "-p", "-t", "api:", "#{session_last_attached}")
    assert viewer.tmux.run(*form) == ""


def test_an_unreachable_terminal_is_reported_and_the_next_click_works(
    served: DaemonHome, notify: Notify, server: NotificationServer, viewer: Viewer
) -> None:
    process = notify()
    send_question(served, "gone", viewer.tmux.hints("%99"))
    shown(server, "gone")
    send_question(served, "far", {"host": "far"})
    shown(server, "far")
    pane = question(served, viewer.tmux, server, "api")
    server.click(1)
    assert line(process) == "acd: gone: tmux: can't find pane: %99\n"
    server.click(2)
    assert line(process) == "acd: far: it runs on far, not on this machine\n"
    server.click(3)
    viewer.tmux.until(lambda: viewer.pane() == pane)


def test_a_click_on_a_removed_session_does_nothing(
    served: DaemonHome, notify: Notify, server: NotificationServer, viewer: Viewer
) -> None:
    notify()
    question(served, viewer.tmux, server, "api")
    served.ask("DELETE api")
    assert server.call() == ("CloseNotification", 1)
    pane = question(served, viewer.tmux, server, "web")
    server.click(1)
    server.click(2)
    viewer.tmux.until(lambda: viewer.pane() == pane)


def test_a_terminal_client_that_hangs_is_ended_and_answers_still_withdraw_notifications(
    served: DaemonHome, server: NotificationServer
) -> None:
    program = served.root / "bin" / "kitty"
    program.parent.mkdir()
    hangs = served.root / "hangs"
    program.write_text(f"#!/bin/sh\ntouch {hangs}\nexec sleep 1000\n")
    program.chmod(0o755)
    served.environ["PATH"] = f"{program.parent}:{served.environ['PATH']}"
    listens = served.root / "listens"
    process = start(served, "notify")
    try:
        until_subscribed(served)
        send_question(served, "api", {"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": f"unix:{listens}"})
        shown(server, "api")
        with a_listener(listens, "kitty"):
            server.click(1)
            until(hangs.exists)
        served.ask("SET api working")
        assert line(process) == "acd: api: kitty did not end within 2 s\n"
        assert server.call() == ("CloseNotification", 1)
    finally:
        process.kill()
        process.communicate()


def test_a_notification_can_be_clicked_after_a_restart_of_the_notifier(
    served: DaemonHome, notify: Notify, server: NotificationServer, viewer: Viewer
) -> None:
    first = notify()
    pane = question(served, viewer.tmux, server, "api")
    until_saved(served, "api")
    first.terminate()
    first.wait(WAIT)
    until_subscribed(served, 0)
    notify()
    served.ask("SET web working")
    until_known(served, "web")  # it listens by now
    server.click(1)
    viewer.tmux.until(lambda: viewer.pane() == pane)


def test_a_click_works_after_the_daemon_has_stopped(
    served: DaemonHome, notify: Notify, server: NotificationServer, viewer: Viewer
) -> None:
    notify()
    pane = question(served, viewer.tmux, server, "api")
    assert served.ask("STOP") == ["OK"]
    until(lambda: not served.socket.exists())
    server.click(1)
    viewer.tmux.until(lambda: viewer.pane() == pane)


def test_after_a_restart_of_the_server_only_its_new_notifications_count(
    served: DaemonHome, notify: Notify, server: NotificationServer, bus: str, viewer: Viewer
) -> None:
    process = notify()
    question(served, viewer.tmux, server, "api")
    until_saved(served, "api")
    server.close()
    restarted = NotificationServer(bus, ACTIONS)
    restarted.click(1)  # another program's notification
    assert reply_to(bus, new_method_call(BUS, "GetNameOwner", "s", (NAME,)))
    pane = question(served, viewer.tmux, restarted, "web")
    restarted.click(1)
    viewer.tmux.until(lambda: viewer.pane() == pane)
    assert process.poll() is None


def test_the_end_of_the_bus_is_reported_once_and_the_next_bus_is_used(
    served: DaemonHome, notify: Notify, viewer: Viewer
) -> None:
    with session_bus(served.root) as bus:
        served.environ["DBUS_SESSION_BUS_ADDRESS"] = bus.partition(",")[0]
        process = notify()
        question(served, viewer.tmux, NotificationServer(bus, ACTIONS), "api")
        until_saved(served, "api")
    assert line(process).startswith("acd: the session bus has ended the connection")
    with session_bus(served.root) as bus:
        server = NotificationServer(bus, ACTIONS)
        pane = question(served, viewer.tmux, server, "web")
        server.click(1)
        viewer.tmux.until(lambda: viewer.pane() == pane)
        process.terminate()
        _, errors = process.communicate(timeout=WAIT)
        assert errors == ""


def test_the_notifier_disconnects_from_the_bus_when_nothing_is_shown(
    served: DaemonHome, notify: Notify, server: NotificationServer, viewer: Viewer
) -> None:
    notify()
    question(served, viewer.tmux, server, "api")
    assert server.is_connected(server.sender)
    served.ask("SET api working")
    until(lambda: not server.is_connected(server.sender))


@needs_strace
def test_the_notifier_does_not_wake_up_while_it_waits_for_a_click(
    served: DaemonHome, notify: Notify, server: NotificationServer, viewer: Viewer
) -> None:
    process = notify()
    question(served, viewer.tmux, server, "api")
    until_saved(served, "api")
    # It may have work to finish first.
    until(lambda: not wakes_up(process.pid, served.root / "strace.log"))


# DBusDesktop without a notifier


def test_a_click_during_a_call_is_kept(bus: str, server: NotificationServer) -> None:
    desktop = DBusDesktop({"DBUS_SESSION_BUS_ADDRESS": bus}, sound=False)
    assert desktop.fileno() is None
    first, second = desktop.show(Notification("a", "")), desktop.show(Notification("b", ""))
    assert first is not None and second is not None
    assert desktop.take_clicks() == []
    server.click(2)
    desktop.withdraw(first)
    assert desktop.take_clicks() == [second]
    assert desktop.take_clicks() == []
    desktop.close()
    assert desktop.fileno() is None


def test_the_next_notification_reconnects_to_the_bus(here: DaemonHome) -> None:
    with session_bus(here.root) as bus:
        desktop = DBusDesktop({"DBUS_SESSION_BUS_ADDRESS": bus.partition(",")[0]}, sound=False)
        NotificationServer(bus, ACTIONS)
        assert desktop.show(Notification("a", ""))
    with session_bus(here.root) as bus:
        server = NotificationServer(bus, ACTIONS)
        handle = desktop.show(Notification("b", ""))
        server.click(1)
        server.is_connected("nobody")
        assert desktop.take_clicks() == [handle]


def test_a_bounded_number_of_clicks_is_kept(bus: str, server: NotificationServer) -> None:
    desktop = DBusDesktop({"DBUS_SESSION_BUS_ADDRESS": bus}, sound=False)
    handle = desktop.show(Notification("a", ""))
    assert handle is not None
    for _ in range(1000):
        server.click(1)
    desktop.withdraw(handle)
    clicks = desktop.take_clicks()
    assert clicks
    assert len(clicks) <= 64
    assert set(map(tuple, clicks)) == {tuple(handle)}
