"""The dashboard in a real tmux with a real daemon."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from testing.agents import send_event
from testing.support import WAIT, DaemonHome
from testing.tmux import Tmux, Viewer, a_tmux

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")


@pytest.fixture
def home() -> Iterator[DaemonHome]:
    with DaemonHome() as made:
        made.environ["PATH"] = f"{made.root}/bin:{made.environ['PATH']}"
        (made.root / "bin").mkdir()
        yield made


@pytest.fixture
def tmux(home: DaemonHome) -> Iterator[Tmux]:
    with a_tmux(home) as made:
        yield made


@pytest.fixture
def viewer(tmux: Tmux) -> Viewer:
    """A client of the tmux server."""
    return tmux.attach()


def dashboard(tmux: Tmux, *options: str) -> str:
    """Starts a dashboard and returns its pane."""
    return tmux.window(sys.executable, "-m", "acd", "dashboard", *options, name="acd")


def test_it_shows_changes_and_recovers_from_a_crash_of_the_daemon(
    home: DaemonHome, tmux: Tmux
) -> None:
    daemon = home.start()
    send_event(home, "one", "UserPromptSubmit", cwd=str(home.root / "api"))
    pane = dashboard(tmux)
    tmux.until_seen(pane, "nobody needs you", "▸ working", "api")
    send_event(home, "one", "Stop", last_assistant_message="All done.")
    tmux.until_seen(pane, "1 needs you", "● attention", "All done.")
    daemon.kill()
    # The dashboard starts the next daemon, which restores the sessions from the journal.
    tmux.until(lambda: home.socket.exists() and _answers(home))
    tmux.until_seen(pane, "● attention", "All done.")
    home.ask("SET two question")
    tmux.until_seen(pane, "2 need you", "two")


def test_one_dashboard_lists_the_sessions_of_both_agents(home: DaemonHome, tmux: Tmux) -> None:
    home.start()
    send_event(home, "one", "UserPromptSubmit", cwd=str(home.root / "api"))
    asked = {"tool_name": "Bash", "tool_input": {"command": "make"}}
    send_event(home, "two", "PermissionRequest", agent="codex", cwd=str(home.root / "web"), **asked)
    pane = dashboard(tmux)
    tmux.until_seen(pane, "1 needs you", "▸ working", "api", "▲ question", "web", "Bash: make")
    send_event(home, "two", "Interrupt", agent="codex")
    tmux.until_seen(pane, "● attention", "web")
    tmux.press(pane, "Enter")
    tmux.until_seen(pane, "codex")


def _answers(home: DaemonHome) -> bool:
    try:
        return home.ask("PING") == ["OK"]
    except OSError:
        return False


def test_it_starts_the_daemon_if_none_runs(home: DaemonHome, tmux: Tmux) -> None:
    pane = dashboard(tmux)
    tmux.until_seen(pane, "no sessions")
    home.ask("SET first working")
    tmux.until_seen(pane, "first")


def test_f_jumps_to_the_sessions_pane(home: DaemonHome, tmux: Tmux, viewer: Viewer) -> None:
    home.start()
    target = tmux.window("sleep", "1000")
    send_event(home, "one", "UserPromptSubmit", meta=tmux.hints(target))
    pane = dashboard(tmux)
    tmux.until_seen(pane, "f jump")
    assert viewer.pane() == pane
    tmux.press(pane, "f")
    tmux.until(lambda: viewer.pane() == target)
    tmux.until_seen(pane, f"tmux pane {target}")


def test_with_once_it_ends_after_a_jump(home: DaemonHome, tmux: Tmux, viewer: Viewer) -> None:
    home.start()
    target = tmux.window("sleep", "1000")
    send_event(home, "one", "UserPromptSubmit", meta=tmux.hints(target))
    pane = dashboard(tmux, "--once")
    tmux.until_seen(pane, "f jump")
    tmux.press(pane, "f")
    tmux.until(lambda: pane not in tmux.run("list-panes", "-a", "-F", "#{pane_id}").split())
    assert viewer.pane() == target


def test_with_once_a_jump_closes_the_popup_and_shows_the_pane(
    home: DaemonHome, tmux: Tmux, viewer: Viewer
) -> None:
    home.start()
    target = tmux.window("sleep", "1000")
    tmux.window("sleep", "1000")
    send_event(home, "one", "UserPromptSubmit", meta=tmux.hints(target))
    with viewer.popup(f"{sys.executable} -m acd dashboard --once") as popup:
        tmux.until(lambda: "f jump" in viewer.screen())
        viewer.type("f")
        assert popup.wait(WAIT) == 0
    assert viewer.pane() == target


def test_a_jump_to_a_closed_pane_shows_an_error(
    home: DaemonHome, tmux: Tmux, viewer: Viewer
) -> None:
    home.start()
    send_event(home, "one", "UserPromptSubmit", meta=tmux.hints("%99"))
    pane = dashboard(tmux)
    tmux.until_seen(pane, "f jump")
    tmux.press(pane, "f")
    tmux.until_seen(pane, "can't find pane")
    assert viewer.pane() == pane


def test_a_pane_of_an_ended_server_is_not_looked_up_in_a_new_one(
    home: DaemonHome, tmux: Tmux
) -> None:
    home.start()
    target = tmux.window("sleep", "1000")
    hints = tmux.hints(target) | {"TMUX": f"{tmux.socket},1,0"}
    send_event(home, "one", "UserPromptSubmit", meta=hints)
    pane = dashboard(tmux)
    tmux.until_seen(pane, "f jump")
    tmux.press(pane, "f")
    tmux.until_seen(pane, "its tmux server has ended")


@pytest.mark.parametrize("name", ["plain", "#(touch broken) #{pid} 'x' \"y\" [red]z", "日本"])
def test_r_resurrects_a_closed_session_in_its_directory(
    home: DaemonHome, tmux: Tmux, name: str
) -> None:
    directory = home.root / name
    directory.mkdir()
    fifo = home.root / "fifo"
    os.mkfifo(fifo)
    claude = home.root / "bin" / "claude"
    claude.write_text(f'#!/bin/sh\n{{ pwd; echo "$@"; }} >{fifo}\n')
    claude.chmod(0o755)
    home.start()
    send_event(home, "one", "UserPromptSubmit", cwd=str(directory))
    send_event(home, "one", "SessionEnd", reason="prompt_input_exit")
    pane = dashboard(tmux)
    tmux.until_seen(pane, "1 closed")
    tmux.press(pane, "c", "G")
    tmux.until_seen(pane, "r resurrect")
    tmux.press(pane, "r")
    assert fifo.read_text().splitlines() == [str(directory), "--resume one"]
    tmux.until_seen(pane, "is resumed in a new tmux window", "▸ working")
    assert not list(home.root.rglob("broken"))


def test_q_restores_the_terminal(home: DaemonHome, tmux: Tmux) -> None:
    home.start()
    script = f"{sys.executable} -m acd dashboard; echo code $?; stty -a; sleep 1000"
    pane = tmux.window("sh", "-c", script)
    tmux.until_seen(pane, "no sessions")
    tmux.press(pane, "q")
    tmux.until_seen(pane, "code 0", " echo ", " icanon")


def test_ctrl_c_ends_it(home: DaemonHome, tmux: Tmux) -> None:
    home.start()
    pane = tmux.window("sh", "-c", f"{sys.executable} -m acd dashboard; echo code $?; sleep 1000")
    tmux.until_seen(pane, "no sessions")
    tmux.press(pane, "C-c")
    tmux.until_seen(pane, "code 0")


def colours(screen: str) -> set[str]:
    """The kinds of colour in a screen with escape sequences: 16, 256, true."""
    kinds = set()
    for sequence in re.findall(r"\x1b\[([\d;]*)m", screen):
        words = re.sub(r"([34]8);2;\d+;\d+;\d+", "true", sequence)
        words = re.sub(r"([34]8);5;\d+", "256", words)
        for word in words.split(";"):
            if word in {"true", "256"}:
                kinds.add(word)
            elif re.fullmatch(r"[34][0-7]|9[0-7]|10[0-7]", word):
                kinds.add("16")
    return kinds


@pytest.mark.parametrize(
    ("theme", "environ", "found"),
    [
        ("terminal", ["COLORTERM=truecolor"], {"16"}),
        ("dark", ["COLORTERM=truecolor"], {"true"}),
        ("dark", ["-u", "COLORTERM", "TERM=screen"], {"16"}),
        ("dark", ["COLORTERM=truecolor", "NO_COLOR=1"], set()),
        ("terminal", ["COLORTERM=truecolor", "NO_COLOR=1"], set()),
    ],
)
def test_it_uses_the_theme_within_the_terminals_colours(
    home: DaemonHome, tmux: Tmux, theme: str, environ: list[str], found: set[str]
) -> None:
    home.configure(f'[dashboard]\ntheme = "{theme}"\n')
    home.start()
    home.ask("SET one question", "SET two attention", "SET three working")
    tmux.run("set-option", "-sa", "terminal-overrides", ",*:Tc")
    pane = tmux.window("env", *environ, sys.executable, "-m", "acd", "dashboard")
    tmux.until_seen(pane, "▲ question", "● attention", "▸ working", "? help")
    assert colours(tmux.run("capture-pane", "-pe", "-t", pane)) == found


def test_a_wrong_configuration_is_an_error_without_a_traceback(home: DaemonHome) -> None:
    home.configure('[dashboard]\ntheme = "pink"\n')
    done = subprocess.run(
        ["script", "-qec", f"{sys.executable} -m acd dashboard", "/dev/null"],
        env=home.environ,
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert "dashboard.theme: must be one of terminal, dark, light" in done.stdout
    assert "Traceback" not in done.stdout


def test_without_a_terminal_it_names_commands_for_scripts(home: DaemonHome) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "acd", "dashboard"],
        env=home.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert "acd list --json" in done.stderr
    assert done.stdout == ""
