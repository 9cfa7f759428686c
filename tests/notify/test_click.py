"""A click on a notification: a real bus, a real notification server and a real tmux."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from jeepney import new_method_call

from acd.notify.desktop import BusDesktop
from acd.notify.message import Message
from testing.agents import asks
from testing.cli_runs import start, until, until_subscribed
from testing.desktop_server import BUS, NAME, Server, ask, clicked, session_bus
from testing.listeners import a_listener
from testing.notifier import DESKTOP, Notify, needs_bus
from testing.strace import Watched
from testing.support import WAIT, Place
from testing.tmux import Tmux, Viewer, a_tmux

pytestmark = [
    needs_bus,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux"),
]

ACTIONS = ["body", "actions"]


@pytest.fixture
def server(bus: str) -> Server:
    """A desktop that can be clicked."""
    return Server(bus, ACTIONS)


@pytest.fixture
def viewer(here: Place) -> Iterator[Viewer]:
    """Who clicks, and looks at a tmux."""
    with a_tmux(here) as tmux:
        yield tmux.look()


@pytest.fixture
def served(here: Place) -> Place:
    """A place with a daemon, where waits are told of at once, wherever somebody looks."""
    here.configure(f"{DESKTOP}seen_seconds = 0\n")
    here.start()
    return here


def question(place: Place, tmux: Tmux, server: Server, name: str) -> str:
    """A session asks in a pane behind others, and the desktop shows it; its pane."""
    pane = tmux.hidden(name)
    asks(place, name, tmux.hints(pane))
    shown(server, name)
    return pane


def shown(server: Server, name: str) -> None:
    """The desktop shows it of this session next."""
    call = server.call()
    assert (call[0], call[4], call[6]) == (
        "Notify",
        f"▲ {name}: question",
        ["default", "Go there"],
    )


def until_remembered(place: Place, *names: str) -> None:
    """Waits until the notifier knows the number of each notification."""
    until(lambda: _memory(place)["shown"].keys() == set(names))


def until_known(place: Place, name: str) -> None:
    """Waits until the notifier has taken a session in."""
    until(lambda: name in _memory(place)["waits"])


def _memory(place: Place) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(
        (place.directory / "acd.sock.notified").read_text()
    )
    return found


def line(process: subprocess.Popen[str]) -> str:
    """The next that the notifier complains of."""
    assert process.stderr is not None
    return process.stderr.readline()


@pytest.mark.parametrize("to_all", [True, False], ids=["to all", "to us alone"])
def test_a_click_goes_to_the_sessions_pane_and_an_answer_still_takes_it_back(
    served: Place, notify: Notify, server: Server, viewer: Viewer, to_all: bool
) -> None:
    notify()
    pane = question(served, viewer.tmux, server, "api")
    server.click(1, to=None if to_all else server.asker)
    viewer.tmux.until(lambda: viewer.pane() == pane)
    served.ask("SET api working")
    assert server.call() == ("CloseNotification", 1)


def test_what_the_click_has_closed_is_taken_back_without_a_word(
    served: Place, notify: Notify, server: Server, viewer: Viewer
) -> None:
    server.refuses.add("CloseNotification")
    process = notify()
    pane = question(served, viewer.tmux, server, "api")
    server.click(1)
    viewer.tmux.until(lambda: viewer.pane() == pane)
    served.ask("SET api working")
    assert server.call() == ("CloseNotification", 1)
    until(lambda: not server.is_there(server.asker))
    process.terminate()
    assert process.communicate(timeout=WAIT)[1] == ""


def test_each_click_goes_to_its_own_session(
    served: Place, notify: Notify, server: Server, viewer: Viewer
) -> None:
    notify()
    panes = [question(served, viewer.tmux, server, name) for name in ("api", "web")]
    for number in (2, 1, 2):
        server.click(number)
        pane = panes[number - 1]
        viewer.tmux.until(lambda: viewer.pane() == pane)  # noqa: B023 - it is called here


def test_a_signal_that_is_no_click_on_ours_leads_nowhere(
    served: Place, notify: Notify, server: Server, bus: str, viewer: Viewer
) -> None:
    notify()
    question(served, viewer.tmux, server, "api")
    pane = question(served, viewer.tmux, server, "web")
    until_remembered(served, "api", "web")
    server.click(7)
    server.click(1, "dismiss")
    # Somebody who is not the desktop, and answered only after these were sent.
    forged = [clicked(1, "default"), clicked(1, "default", server.asker)]
    assert ask(bus, new_method_call(BUS, "GetNameOwner", "s", (NAME,)), *forged)
    server.click(2)
    viewer.tmux.until(lambda: viewer.pane() == pane)
    form = ("display-message", "-p", "-t", "api:", "#{session_last_attached}")
    assert viewer.tmux.run(*form) == ""


def test_of_a_terminal_that_cannot_be_reached_it_tells_and_the_next_click_counts(
    served: Place, notify: Notify, server: Server, viewer: Viewer
) -> None:
    process = notify()
    asks(served, "gone", viewer.tmux.hints("%99"))
    shown(server, "gone")
    asks(served, "far", {"host": "far"})
    shown(server, "far")
    pane = question(served, viewer.tmux, server, "api")
    server.click(1)
    assert line(process) == "acd: gone: tmux: can't find pane: %99\n"
    server.click(2)
    assert line(process) == "acd: far: it runs on far, not on this machine\n"
    server.click(3)
    viewer.tmux.until(lambda: viewer.pane() == pane)


def test_of_a_session_that_is_gone_a_click_does_nothing(
    served: Place, notify: Notify, server: Server, viewer: Viewer
) -> None:
    notify()
    question(served, viewer.tmux, server, "api")
    served.ask("DELETE api")
    assert server.call() == ("CloseNotification", 1)
    pane = question(served, viewer.tmux, server, "web")
    server.click(1)
    server.click(2)
    viewer.tmux.until(lambda: viewer.pane() == pane)


def test_a_terminals_program_that_hangs_is_given_up_and_what_was_answered_is_taken_back(
    served: Place, server: Server
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
        asks(served, "api", {"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": f"unix:{listens}"})
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


def test_after_a_restart_what_is_still_shown_can_be_clicked(
    served: Place, notify: Notify, server: Server, viewer: Viewer
) -> None:
    first = notify()
    pane = question(served, viewer.tmux, server, "api")
    until_remembered(served, "api")
    first.terminate()
    first.wait(WAIT)
    until_subscribed(served, 0)
    notify()
    served.ask("SET web working")
    until_known(served, "web")  # so it has begun, and listens
    server.click(1)
    viewer.tmux.until(lambda: viewer.pane() == pane)


def test_a_click_counts_though_the_daemon_has_stopped(
    served: Place, notify: Notify, server: Server, viewer: Viewer
) -> None:
    notify()
    pane = question(served, viewer.tmux, server, "api")
    assert served.ask("STOP") == ["OK"]
    until(lambda: not served.socket.exists())
    server.click(1)
    viewer.tmux.until(lambda: viewer.pane() == pane)


def test_of_a_desktop_that_started_anew_only_its_own_notifications_count(
    served: Place, notify: Notify, server: Server, bus: str, viewer: Viewer
) -> None:
    process = notify()
    question(served, viewer.tmux, server, "api")
    until_remembered(served, "api")
    server.close()
    anew = Server(bus, ACTIONS)
    anew.click(1)  # somebody else's
    assert ask(bus, new_method_call(BUS, "GetNameOwner", "s", (NAME,)))
    pane = question(served, viewer.tmux, anew, "web")
    anew.click(1)
    viewer.tmux.until(lambda: viewer.pane() == pane)
    assert process.poll() is None


def test_a_bus_that_ends_is_told_once_and_the_next_one_is_used(
    served: Place, notify: Notify, viewer: Viewer
) -> None:
    with session_bus(served.root) as bus:
        served.environ["DBUS_SESSION_BUS_ADDRESS"] = bus.partition(",")[0]
        process = notify()
        question(served, viewer.tmux, Server(bus, ACTIONS), "api")
        until_remembered(served, "api")
    assert line(process).startswith("acd: the session bus has ended the connection")
    with session_bus(served.root) as bus:
        server = Server(bus, ACTIONS)
        pane = question(served, viewer.tmux, server, "web")
        server.click(1)
        viewer.tmux.until(lambda: viewer.pane() == pane)
        process.terminate()
        _, errors = process.communicate(timeout=WAIT)
        assert errors == ""


def test_with_nothing_shown_nothing_is_heard(
    served: Place, notify: Notify, server: Server, viewer: Viewer
) -> None:
    notify()
    question(served, viewer.tmux, server, "api")
    assert server.is_there(server.asker)
    served.ask("SET api working")
    until(lambda: not server.is_there(server.asker))


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_while_it_waits_for_a_click_it_does_not_wake_up(
    served: Place, notify: Notify, server: Server, viewer: Viewer
) -> None:
    process = notify()
    question(served, viewer.tmux, server, "api")
    until_remembered(served, "api")
    with Watched(process.pid, served.root / "strace.log") as watched:
        lines = watched.watch(2.0)
    # The one call in which it has been waiting all the time, interrupted by the tracer.
    assert lines == [each for each in lines if "poll" in each or "restart_syscall" in each]
    assert len(lines) <= 2, lines


# The desktop alone


def test_a_click_that_comes_while_an_answer_is_awaited_is_heard(bus: str, server: Server) -> None:
    desktop = BusDesktop({"DBUS_SESSION_BUS_ADDRESS": bus}, sound=False)
    assert desktop.fileno() is None
    first, second = desktop.show(Message("a", "")), desktop.show(Message("b", ""))
    assert first is not None and second is not None
    assert desktop.clicked() == []
    server.click(2)
    desktop.withdraw(first)
    assert desktop.clicked() == [second]
    assert desktop.clicked() == []
    desktop.close()
    assert desktop.fileno() is None


def test_a_connection_that_has_ended_is_made_anew_for_the_next_notification(here: Place) -> None:
    with session_bus(here.root) as bus:
        desktop = BusDesktop({"DBUS_SESSION_BUS_ADDRESS": bus.partition(",")[0]}, sound=False)
        Server(bus, ACTIONS)
        assert desktop.show(Message("a", ""))
    with session_bus(here.root) as bus:
        server = Server(bus, ACTIONS)
        handle = desktop.show(Message("b", ""))
        server.click(1)
        server.is_there("nobody")
        assert desktop.clicked() == [handle]


def test_what_was_clicked_is_kept_within_bounds(bus: str, server: Server) -> None:
    desktop = BusDesktop({"DBUS_SESSION_BUS_ADDRESS": bus}, sound=False)
    handle = desktop.show(Message("a", ""))
    assert handle is not None
    for _ in range(1000):
        server.click(1)
    desktop.withdraw(handle)
    heard = desktop.clicked()
    assert heard
    assert len(heard) <= 64
    assert set(map(tuple, heard)) == {tuple(handle)}
