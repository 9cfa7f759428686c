"""Where the user looks: a real tmux, a real kitty, and programs that are no help."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from acd.notify import focus, presence
from acd.notify.focus import FocusProbe
from acd.notify.policy import Look
from acd.notify.presence import Presence
from testing.agents import asks
from testing.cli_runs import until
from testing.kitty import IS_THERE, SLEEP, a_kitty
from testing.listeners import a_listener, a_strangers_tmux, as_root
from testing.notifier import Notify, has_ended, pipe, tell
from testing.support import Place, place
from testing.tmux import Tmux, Viewer, a_tmux

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
needs_kitty = pytest.mark.skipif(not IS_THERE, reason="needs kitty and Xvfb")


@pytest.fixture
def here() -> Iterator[Place]:
    with place() as made:
        (made.root / "bin").mkdir()
        made.environ["PATH"] = f"{made.root}/bin:{made.environ['PATH']}"
        yield made


@pytest.fixture
def tmux(here: Place) -> Iterator[Tmux]:
    with a_tmux(here) as made:
        yield made


@pytest.fixture
def viewer(tmux: Tmux) -> Viewer:
    """Who looks at it."""
    return tmux.look()


def looks(here: Place, hints: dict[str, str], **fields: Any) -> list[Look]:
    """What is seen of a session in that terminal."""
    return FocusProbe(here.environ).looks({"id": "a", "terminal": hints, **fields})


def program(here: Place, name: str, script: str) -> None:
    """A program of that name, found before the real one."""
    path = here.root / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@needs_tmux
def test_the_pane_that_a_client_shows_is_looked_at_as_long_ago_as_its_last_key(
    here: Place, tmux: Tmux, viewer: Viewer
) -> None:
    shown = tmux.hints(viewer.pane())
    [look] = looks(here, shown)
    assert not look.has_focus
    assert look.idle is not None
    assert 0 <= look.idle < 30


@needs_tmux
def test_a_pane_that_no_client_shows_is_not_looked_at(
    here: Place, tmux: Tmux, viewer: Viewer
) -> None:
    before = viewer.pane()
    split = tmux.run("split-window", "-P", "-F", "#{pane_id}", "sleep 1000")
    assert looks(here, tmux.hints(split))
    assert looks(here, tmux.hints(before)) == []  # its neighbour has the keys
    other = tmux.window("sleep", "1000")
    assert looks(here, tmux.hints(split)) == []
    assert looks(here, tmux.hints(other))
    tmux.run("detach-client", "-s", "work")
    tmux.until(lambda: viewer.pane() == "")
    assert looks(here, tmux.hints(other)) == []


@needs_tmux
def test_where_tmux_asks_its_terminal_for_the_focus_that_counts(
    here: Place, tmux: Tmux, viewer: Viewer
) -> None:
    hints = tmux.hints(viewer.pane())
    tmux.run("set-option", "-s", "focus-events", "on")
    viewer.report_focus(there=False)
    tmux.until(lambda: "focused" not in tmux.run("list-clients", "-F", "#{client_flags}"))
    assert looks(here, hints) == []
    viewer.report_focus(there=True)
    tmux.until(lambda: "focused" in tmux.run("list-clients", "-F", "#{client_flags}"))
    [look] = looks(here, hints)
    assert look.has_focus


@needs_tmux
def test_a_pane_of_a_server_thathas_ended_is_not_mixed_up_with_todays(
    here: Place, tmux: Tmux, viewer: Viewer
) -> None:
    hints = tmux.hints(viewer.pane())
    assert looks(here, hints | {"TMUX": f"{tmux.socket},1,0"}) == []
    assert looks(here, hints | {"TMUX": f"{here.root}/none,{tmux.pid},0"}) == []


@needs_tmux
def test_on_another_machine_a_pane_of_the_same_name_is_another(
    here: Place, tmux: Tmux, viewer: Viewer
) -> None:
    hints = tmux.hints(viewer.pane())
    assert looks(here, hints, host=None)
    assert looks(here, hints, host="elsewhere") == []


@pytest.mark.slow  # a kitty draws without a GPU
@needs_kitty
def test_the_kitty_window_that_has_the_focus_is_looked_at(here: Place) -> None:
    with a_kitty() as kitty:
        [first] = kitty.focused()
        assert looks(here, kitty.hints(first)) == [Look(has_focus=True)]
        argv = ("kitty", "@", "--to", kitty.listens, "launch", "--type=tab", *SLEEP)
        assert focus._answer(argv, here.environ)
        kitty.until(lambda: len(kitty.windows()) == 2)
        [second] = {each["id"] for each in kitty.windows()} - {first}
        assert looks(here, kitty.hints(first)) == []
        assert looks(here, kitty.hints(second)) == [Look(has_focus=True)]
        kitty.give_focus(back=False)
        assert looks(here, kitty.hints(second)) == []
        kitty.give_focus()
        assert looks(here, kitty.hints(second)) == [Look(has_focus=True)]


def test_without_remote_control_kitty_is_not_asked(here: Place) -> None:
    program(here, "kitty", f"touch {here.root}/asked")
    assert looks(here, {"KITTY_WINDOW_ID": "1"}) == []
    assert not (here.root / "asked").exists()


# From its manual: there is no WezTerm here.
_WEZTERM = [
    {
        "username": "wez",
        "hostname": "foo",
        "pid": 1098536,
        "connection_elapsed": {"secs": 226, "nanos": 502667166},
        "idle_time": {"secs": 3, "nanos": 500000000},
        "workspace": "default",
        "focused_pane_id": 7,
    }
]


def test_the_pane_that_a_client_of_wezterm_has_in_front_is_looked_at_by_its_keys(
    here: Place,
) -> None:
    socket = here.root / "wez"
    wanted = f"cli --no-auto-start list-clients --format json {socket}"
    answer = json.dumps(_WEZTERM)
    program(here, "wezterm", f'[ "$* $WEZTERM_UNIX_SOCKET" = "{wanted}" ] && echo \'{answer}\'')
    hints = {"WEZTERM_UNIX_SOCKET": str(socket)}
    with a_listener(socket, "wezterm-gui"):
        assert looks(here, hints | {"WEZTERM_PANE": "7"}) == [Look(3.5)]
        assert looks(here, hints | {"WEZTERM_PANE": "8"}) == []


NAMES = ("tmux", "kitty", "wezterm")


@pytest.fixture
def terminals(here: Place) -> Iterator[dict[str, dict[str, str]]]:
    """The hints of each terminal that can be asked; a process of its name listens there."""
    tmux, kitty, wezterm = (here.root / name for name in NAMES)
    with (
        a_listener(tmux, "tmux: server") as pid,
        a_listener(kitty, "kitty"),
        a_listener(wezterm, "wezterm-gui"),
    ):
        yield {
            "tmux": {"TMUX": f"{tmux},{pid},0", "TMUX_PANE": "%1"},
            "kitty": {"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": f"unix:{kitty}"},
            "wezterm": {"WEZTERM_PANE": "1", "WEZTERM_UNIX_SOCKET": str(wezterm)},
        }


USELESS = ("exit 3", "echo", "echo '[{}]'", "echo '[1]'", "echo {", "echo null", "echo '%1|x'")


@pytest.mark.parametrize("script", USELESS)
@pytest.mark.parametrize("name", NAMES)
def test_a_program_that_fails_or_talks_nonsense_has_seen_nobody(
    here: Place, terminals: dict[str, dict[str, str]], name: str, script: str
) -> None:
    program(here, name, f"touch {here.root}/asked\n{script}")
    assert looks(here, terminals[name]) == []
    assert (here.root / "asked").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_program_that_is_missing_has_seen_nobody(
    here: Place, terminals: dict[str, dict[str, str]], name: str
) -> None:
    here.environ["PATH"] = str(here.root / "bin")
    assert looks(here, terminals[name]) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_program_that_is_asked_gets_nothing_of_the_environment_that_may_be_secret(
    here: Place, terminals: dict[str, dict[str, str]], name: str
) -> None:
    program(here, name, f"env >{here.root}/env")
    here.environ |= {"ANTHROPIC_API_KEY": "sk-secret", "LC_CTYPE": "C.UTF-8"}
    looks(here, terminals[name])
    had = (here.root / "env").read_text()
    assert "LC_CTYPE" in had
    assert "sk-secret" not in had


# Impostors: a hint is text of whoever sent the line.


@pytest.mark.parametrize("name", NAMES)
def test_no_program_is_told_to_connect_to_a_socket_of_another_program(
    here: Place, name: str
) -> None:
    program(here, name, f"touch {here.root}/asked")
    socket = here.root / "socket"
    with a_listener(socket, "ssh-agent") as pid:
        hints = {
            "tmux": {"TMUX": f"{socket},{pid},0", "TMUX_PANE": "%1"},
            "kitty": {"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": f"unix:{socket}"},
            "wezterm": {"WEZTERM_PANE": "1", "WEZTERM_UNIX_SOCKET": str(socket)},
        }
        assert looks(here, hints[name]) == []
    assert not (here.root / "asked").exists()


@as_root
@needs_tmux
def test_another_users_tmux_cannot_write_a_file_by_way_of_acd_notify(
    here: Place, notify: Notify
) -> None:
    told = pipe(here)
    here.configure(
        f"[notify]\ngrace_seconds = 0\nseen_seconds = 60\ncommand = {json.dumps(tell(told))}\n"
    )
    here.start()
    notify()
    profile = here.home / ".profile"
    with a_strangers_tmux(here.root / "theirs", profile) as hints:
        asks(here, "forged", hints)
        _, session = json.loads(told.read_text())
    assert session["id"] == "forged"
    assert not profile.exists()


@pytest.mark.parametrize("hints", [None, {}, {"ZELLIJ_PANE_ID": "1", "ZELLIJ_SESSION_NAME": "s"}])
def test_of_a_terminal_that_nobody_can_ask_nothing_is_seen(
    here: Place, terminals: dict[str, dict[str, str]], hints: dict[str, str] | None
) -> None:
    # What is around Zellij may be anything by now.
    around = terminals["kitty"] if hints else {}
    program(here, "kitty", f"touch {here.root}/asked")
    assert looks(here, (hints or {}) | around) == []
    assert not (here.root / "asked").exists()


def test_a_program_that_hangs_is_ended_with_what_it_started_and_asked_once(
    here: Place, terminals: dict[str, dict[str, str]]
) -> None:
    pids = here.root / "pids"
    program(here, "tmux", f"sleep 1000 & echo $! >>{pids}; wait")
    around = FocusProbe(here.environ)
    for name in ("a", "b"):
        assert around.looks({"id": name, "terminal": terminals["tmux"]}) == []
    [child] = pids.read_text().split()
    until(lambda: has_ended(int(child)))


# presence


def test_a_dashboard_with_its_user_is_a_look_at_every_session(here: Place) -> None:
    before_it = Presence(here.socket)
    assert looks(here, {}) == []
    before_it.here()
    [look] = looks(here, {}, host="elsewhere")
    assert look.has_focus
    assert look.idle is not None
    assert look.idle < 30
    before_it.away()
    assert looks(here, {}) == []


def test_one_of_two_dashboards_is_enough_and_the_last_sign_counts(here: Place) -> None:
    one, two = Presence(here.socket), Presence(here.socket)
    one.here()
    os.utime(f"{here.socket}.presence", (0, 0))
    idle = presence.idle(here.socket)
    assert idle is not None
    assert idle > 1e9
    two.here()
    one.away()
    idle = presence.idle(here.socket)
    assert idle is not None
    assert idle < 30
    two.away()
    assert presence.idle(here.socket) is None


def test_where_there_can_be_no_file_nobody_is_told_and_nothing_fails(here: Place) -> None:
    here.directory.mkdir(mode=0o755)
    here.directory.chmod(0o755)
    unsafe = Presence(here.socket)
    unsafe.here()
    unsafe.away()
    assert presence.idle(here.socket) is None
    assert list(here.directory.iterdir()) == []
