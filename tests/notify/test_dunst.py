"""`acd notify` with the notification server dunst, on an X server without a display."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from jeepney import DBusAddress, Properties, new_method_call
from jeepney.io.blocking import open_dbus_connection

from testing import screen as screens
from testing.agents import send_question
from testing.cli_runs import until
from testing.desktop_server import BUS, NAME, reply_to
from testing.notifier import DESKTOP, Notify, needs_bus
from testing.screen import screen
from testing.support import WAIT, DaemonHome
from testing.tmux import a_tmux

pytestmark = [
    needs_bus,
    pytest.mark.skipif(not screens.IS_THERE, reason="there is no Xvfb"),
    pytest.mark.skipif(shutil.which("dunst") is None, reason="there is no dunst"),
]

_DUNST = DBusAddress("/org/freedesktop/Notifications", NAME, "org.dunstproject.cmd0")


@pytest.fixture
def dunst(here: DaemonHome, bus: str) -> Iterator[str]:
    """The address of the bus on which dunst runs."""
    with screen() as display:
        config = here.root / "dunstrc"
        config.write_text("")
        process = subprocess.Popen(
            ["dunst", "-conf", str(config)], env={**here.environ, "DISPLAY": display}
        )
        try:
            until(lambda: bool(reply_to(bus, new_method_call(BUS, "NameHasOwner", "s", (NAME,)))))
            yield bus
        finally:
            process.terminate()
            process.wait(WAIT)


def shown(bus: str) -> int:
    """The number of notifications on the screen."""
    _, number = reply_to(bus, Properties(_DUNST).get("displayedLength"))
    return int(number)


def test_a_question_is_shown_until_it_is_answered(
    here: DaemonHome, notify: Notify, dunst: str
) -> None:
    here.configure(DESKTOP)
    here.start()
    notify()
    here.ask('SET a question {"prompt": "rm <x> & go?"}')
    until(lambda: shown(dunst) == 1)
    here.ask("SET a working")
    until(lambda: shown(dunst) == 0)


def test_the_default_action_brings_the_sessions_terminal_to_the_front(
    here: DaemonHome, notify: Notify, dunst: str
) -> None:
    here.configure(f"{DESKTOP}seen_seconds = 0\n")
    here.start()
    notify()
    with a_tmux(here) as tmux:
        viewer = tmux.attach()
        pane = tmux.background_pane("api")
        send_question(here, "api", tmux.hints(pane))
        until(lambda: shown(dunst) == 1)
        with open_dbus_connection(dunst) as connection:
            connection.send(new_method_call(_DUNST, "NotificationAction", "u", (0,)))
        until(lambda: viewer.pane() == pane)
