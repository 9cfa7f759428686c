"""The focus on a session's pane and window: a real tmux, a real kitty, and programs that fail."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from acd.notify import presence
from acd.notify.focus import FocusProbe
from acd.notify.policy import FocusReport
from acd.notify.presence import Presence
from acd.system import programs
from testing.agents import send_question
from testing.cli_runs import until
from testing.kitty import IS_THERE, SLEEP, a_kitty
from testing.listeners import a_listener, a_strangers_tmux, as_root
from testing.notifier import Notify, has_ended, make_fifo, report_command
from testing.support import WAIT, DaemonHome
from testing.tmux import Tmux, Viewer, a_tmux

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
needs_kitty = pytest.mark.skipif(not IS_THERE, reason="needs kitty and Xvfb")


@pytest.fixture
def here() -> Iterator[DaemonHome]:
    with DaemonHome() as made:
        (made.root / "bin").mkdir()
        made.environ["PATH"] = f"{made.root}/bin:{made.environ['PATH']}"
        yield made


@pytest.fixture
def tmux(here: DaemonHome) -> Iterator[Tmux]:
    with a_tmux(here) as made:
        yield made


@pytest.fixture
def viewer(tmux: Tmux) -> Viewer:
    return tmux.attach()


def reports(here: DaemonHome, hints: dict[str, str], **fields: Any) -> list[FocusReport]:
    """The reports for a session in that terminal."""
    return FocusProbe(here.environ).reports({"id": "a", "terminal": hints, **fields})


def program(here: DaemonHome, name: str, script: str) -> None:
    """Makes a program of that name, first on PATH."""
    path = here.root / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@needs_tmux
def test_the_pane_that_a_client_shows_is_reported_with_the_time_of_its_last_key(
    here: DaemonHome, tmux: Tmux, viewer: Viewer
) -> None:
    shown = tmux.hints(viewer.pane())
    [report] = reports(here, shown)
    assert not report.has_focus
    assert report.idle is not None
    assert 0 <= report.idle < 30


@needs_tmux
def test_a_pane_that_no_client_shows_is_not_reported(
    here: DaemonHome, tmux: Tmux, viewer: Viewer
) -> None:
    before = viewer.pane()
    split = tmux.run("split-window", "-P", "-F", "#{pane_id}", "sleep 1000")
    assert reports(here, tmux.hints(split))
    assert reports(here, tmux.hints(before)) == []  # the pane beside it is active
    other = tmux.window("sleep", "1000")
    assert reports(here, tmux.hints(split)) == []
    assert reports(here, tmux.hints(other))
    tmux.run("detach-client", "-s", "work")
    tmux.until(lambda: viewer.pane() == "")
    assert reports(here, tmux.hints(other)) == []


@needs_tmux
def test_with_focus_events_the_focus_of_the_terminal_counts(
    here: DaemonHome, tmux: Tmux, viewer: Viewer
) -> None:
    hints = tmux.hints(viewer.pane())
    tmux.run("set-option", "-s", "focus-events", "on")
    viewer.report_focus(there=False)
    tmux.until(lambda: "focused" not in tmux.run("list-clients", "-F", "#{client_flags}"))
    assert reports(here, hints) == []
    viewer.report_focus(there=True)
    tmux.until(lambda: "focused" in tmux.run("list-clients", "-F", "#{client_flags}"))
    [report] = reports(here, hints)
    assert report.has_focus


@needs_tmux
def test_a_pane_of_an_earlier_server_is_not_confused_with_one_of_the_present_server(
    here: DaemonHome, tmux: Tmux, viewer: Viewer
) -> None:
    hints = tmux.hints(viewer.pane())
    assert reports(here, hints | {"TMUX": f"{tmux.socket},1,0"}) == []
    assert reports(here, hints | {"TMUX": f"{here.root}/none,{tmux.pid},0"}) == []


@needs_tmux
def test_a_pane_on_another_machine_is_not_reported(
    here: DaemonHome, tmux: Tmux, viewer: Viewer
) -> None:
    hints = tmux.hints(viewer.pane())
    assert reports(here, hints, host=None)
    assert reports(here, hints, host="elsewhere") == []


@pytest.mark.slow  # a kitty draws without a GPU
@needs_kitty
def test_the_kitty_window_with_the_focus_is_reported(here: DaemonHome) -> None:
    with a_kitty() as kitty:
        [first] = kitty.focused()
        assert reports(here, kitty.hints(first)) == [FocusReport(has_focus=True)]
        argv = ("kitty", "@", "--to", kitty.listens, "launch", "--type=tab", *SLEEP)
        launched = programs.run(argv, environ=here.environ, timeout=WAIT)
        assert launched is not None and launched.status == 0
        kitty.until(lambda: len(kitty.windows()) == 2)
        [second] = {each["id"] for each in kitty.windows()} - {first}
        assert reports(here, kitty.hints(first)) == []
        assert reports(here, kitty.hints(second)) == [FocusReport(has_focus=True)]
        kitty.give_focus(back=False)
        assert reports(here, kitty.hints(second)) == []
        kitty.give_focus()
        assert reports(here, kitty.hints(second)) == [FocusReport(has_focus=True)]


def test_without_remote_control_kitty_is_not_run(here: DaemonHome) -> None:
    program(here, "kitty", f"touch {here.root}/ran")
    assert reports(here, {"KITTY_WINDOW_ID": "1"}) == []
    assert not (here.root / "ran").exists()


# The example of its manual: there is no WezTerm here.
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


def test_the_front_pane_of_a_wezterm_client_is_reported_with_the_time_of_its_last_key(
    here: DaemonHome,
) -> None:
    socket = here.root / "wez"
    wanted = f"cli --no-auto-start list-clients --format json {socket}"
    answer = json.dumps(_WEZTERM)
    program(here, "wezterm", f'[ "$* $WEZTERM_UNIX_SOCKET" = "{wanted}" ] && echo \'{answer}\'')
    hints = {"WEZTERM_UNIX_SOCKET": str(socket)}
    with a_listener(socket, "wezterm-gui"):
        assert reports(here, hints | {"WEZTERM_PANE": "7"}) == [FocusReport(3.5)]
        assert reports(here, hints | {"WEZTERM_PANE": "8"}) == []


NAMES = ("tmux", "kitty", "wezterm")


@pytest.fixture
def terminals(here: DaemonHome) -> Iterator[dict[str, dict[str, str]]]:
    """Hints of each terminal that has a query; a process of its name listens on the socket."""
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
def test_a_failure_or_an_invalid_output_reports_nothing(
    here: DaemonHome, terminals: dict[str, dict[str, str]], name: str, script: str
) -> None:
    program(here, name, f"touch {here.root}/ran\n{script}")
    assert reports(here, terminals[name]) == []
    assert (here.root / "ran").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_program_reports_nothing(
    here: DaemonHome, terminals: dict[str, dict[str, str]], name: str
) -> None:
    here.environ["PATH"] = str(here.root / "bin")
    assert reports(here, terminals[name]) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_programs_get_no_variable_that_may_be_secret(
    here: DaemonHome, terminals: dict[str, dict[str, str]], name: str
) -> None:
    program(here, name, f"env >{here.root}/env")
    here.environ |= {"ANTHROPIC_API_KEY": "sk-secret", "LC_CTYPE": "C.UTF-8"}
    reports(here, terminals[name])
    had = (here.root / "env").read_text()
    assert "LC_CTYPE" in had
    assert "sk-secret" not in had


# Impostors: a hint is foreign text.


@pytest.mark.parametrize("name", NAMES)
def test_no_client_connects_to_a_socket_of_another_program(here: DaemonHome, name: str) -> None:
    program(here, name, f"touch {here.root}/ran")
    socket = here.root / "socket"
    with a_listener(socket, "ssh-agent") as pid:
        hints = {
            "tmux": {"TMUX": f"{socket},{pid},0", "TMUX_PANE": "%1"},
            "kitty": {"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": f"unix:{socket}"},
            "wezterm": {"WEZTERM_PANE": "1", "WEZTERM_UNIX_SOCKET": str(socket)},
        }
        assert reports(here, hints[name]) == []
    assert not (here.root / "ran").exists()


@as_root
@needs_tmux
def test_another_users_tmux_cannot_write_a_file_through_acd_notify(
    here: DaemonHome, notify: Notify
) -> None:
    fifo = make_fifo(here)
    options = "grace_seconds = 0\nseen_seconds = 60\n"
    here.configure(f"[notify]\n{options}command = {json.dumps(report_command(fifo))}\n")
    here.start()
    notify()
    profile = here.home / ".profile"
    with a_strangers_tmux(here.root / "theirs", profile) as hints:
        send_question(here, "forged", hints)
        _, session = json.loads(fifo.read_text())
    assert session["id"] == "forged"
    assert not profile.exists()


@pytest.mark.parametrize("hints", [None, {}, {"ZELLIJ_PANE_ID": "1", "ZELLIJ_SESSION_NAME": "s"}])
def test_a_terminal_without_a_query_reports_nothing(
    here: DaemonHome, terminals: dict[str, dict[str, str]], hints: dict[str, str] | None
) -> None:
    # The terminal around Zellij may be another one by now.
    around = terminals["kitty"] if hints else {}
    program(here, "kitty", f"touch {here.root}/ran")
    assert reports(here, (hints or {}) | around) == []
    assert not (here.root / "ran").exists()


def test_a_program_that_hangs_is_killed_with_its_children_and_run_once(
    here: DaemonHome, terminals: dict[str, dict[str, str]]
) -> None:
    pids = here.root / "pids"
    program(here, "tmux", f"sleep 1000 & echo $! >>{pids}; wait")
    probe = FocusProbe(here.environ)
    for name in ("a", "b"):
        assert probe.reports({"id": name, "terminal": terminals["tmux"]}) == []
    [child] = pids.read_text().split()
    until(lambda: has_ended(int(child)))


# presence


def test_a_user_at_a_dashboard_is_reported_for_every_session(here: DaemonHome) -> None:
    dashboard = Presence(here.socket)
    assert reports(here, {}) == []
    dashboard.here()
    [report] = reports(here, {}, host="elsewhere")
    assert report.has_focus
    assert report.idle is not None
    assert report.idle < 30
    dashboard.away()
    assert reports(here, {}) == []


def test_one_of_two_dashboards_is_enough_and_the_newest_activity_counts(here: DaemonHome) -> None:
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


def test_without_a_safe_directory_presence_is_not_recorded_and_nothing_fails(
    here: DaemonHome,
) -> None:
    here.directory.mkdir(mode=0o755)
    here.directory.chmod(0o755)
    unsafe = Presence(here.socket)
    unsafe.here()
    unsafe.away()
    assert presence.idle(here.socket) is None
    assert list(here.directory.iterdir()) == []
