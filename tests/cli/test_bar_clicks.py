"""The clicks and keys of the examples in docs/integrations, as the bars' own programs run them.

Waybar needs a compositor, and was clicked on by hand. The menus need a Mac: these tests run
the command of an entry instead of a click.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.agents import send_question
from testing.cli_runs import until
from testing.doc_examples import examples
from testing.screen import screen
from testing.support import WAIT, DaemonHome
from testing.tmux import Tmux, a_tmux

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")


@pytest.fixture
def linked(alone: DaemonHome) -> DaemonHome:
    """A home with a daemon, and the program where install.sh has it."""
    program = alone.home / ".local/bin/acd"
    program.parent.mkdir(parents=True)
    program.symlink_to(Path(sys.executable).with_name("acd"))
    alone.start()
    return alone


@pytest.fixture
def tmux(linked: DaemonHome) -> Iterator[Tmux]:
    with a_tmux(linked) as made:
        yield made


@pytest.fixture
def pane(linked: DaemonHome, tmux: Tmux) -> str:
    """The pane of a session with a question, which is not the active pane."""
    made = tmux.background_pane("api")
    send_question(linked, "api", tmux.hints(made))
    return made


# tmux


def binds(linked: DaemonHome, tmux: Tmux) -> None:
    """The lines of the page's configuration that run a jump."""
    [example] = [each for each in examples("tmux.md", "tmux") if "acd jump" in each]
    config = linked.root / "jump.conf"
    config.write_text(example)
    tmux.run("source-file", str(config))


def test_the_key_in_tmux_moves_the_client_that_pressed_it(
    linked: DaemonHome, tmux: Tmux, pane: str
) -> None:
    binds(linked, tmux)
    first, second = tmux.attach(), tmux.attach()
    first.press("C-b", "j")
    second.press("x", "x")
    until(lambda: first.pane() == pane)
    assert second.pane() != pane


def test_a_click_on_tmuxs_status_line_moves_the_client_that_clicked(
    linked: DaemonHome, tmux: Tmux, pane: str
) -> None:
    binds(linked, tmux)
    tmux.run("set-option", "-g", "mouse", "on")
    tmux.run("set-option", "-g", "status-right", "CLICK-HERE")
    first, second = tmux.attach(), tmux.attach()
    until(lambda: "CLICK-HERE" in first.screen())
    lines = first.screen().split("\n")
    column, row = lines[-1].index("CLICK") + 2, len(lines)
    # xterm's mouse protocol 1006: the left button goes down, and up.
    first.type(f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")
    until(lambda: first.pane() == pane)
    assert second.pane() != pane


def test_tmux_opens_the_dashboard_when_no_session_needs_the_user(
    linked: DaemonHome, tmux: Tmux
) -> None:
    binds(linked, tmux)
    linked.ask("SET web working")
    viewer = tmux.attach()
    viewer.press("C-b", "j")
    until(lambda: "nobody needs you" in viewer.screen())
    viewer.press("q")
    until(lambda: "nobody needs you" not in viewer.screen())


# Bars on the desktop


def test_a_click_on_i3blocks_jumps_to_the_session(
    linked: DaemonHome, tmux: Tmux, pane: str
) -> None:
    if shutil.which("i3blocks") is None:
        pytest.skip("there is no i3blocks")
    viewer = tmux.attach()
    [example] = [each for each in examples("i3blocks.md", "ini") if "acd jump" in each]
    config = linked.root / "i3blocks.conf"
    config.write_text(example)
    process = subprocess.Popen(
        ["i3blocks", "-c", str(config)],
        env=linked.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        while "▲1" not in process.stdout.readline():
            pass
        assert viewer.pane() != pane
        # i3's i3bar-protocol, Click events.
        click = {"name": "acd", "button": 1, "x": 5, "y": 5}
        process.stdin.write(f"[\n{json.dumps(click)}\n")
        process.stdin.flush()
        until(lambda: viewer.pane() == pane)
    finally:
        process.terminate()
        process.communicate(timeout=WAIT)


def test_a_click_on_polybar_jumps_to_the_session(linked: DaemonHome, tmux: Tmux, pane: str) -> None:
    for program in ("polybar", "Xvfb", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program}")
    viewer = tmux.attach()
    config = linked.root / "polybar.ini"
    module = examples("polybar.md", "ini")[0]
    config.write_text(
        f"[bar/top]\noverride-redirect = true\nheight = 40\nmodules-left = acd\n{module}"
    )
    with screen("800x60") as display:
        environ = {**linked.environ, "DISPLAY": display}
        bar = subprocess.Popen(
            ["polybar", "-c", str(config), "top"],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        click = ["xdotool", "mousemove", "8", "20", "click", "1"]

        def is_there() -> bool:
            # There is no event when it has drawn.
            subprocess.run(click, env=environ, check=True, timeout=WAIT)
            return viewer.pane() == pane

        try:
            until(is_there)
        finally:
            bar.terminate()
            bar.wait(WAIT)


@pytest.mark.parametrize(("name", "run"), [("swiftbar", "bash"), ("xbar", "shell")])
def test_the_command_of_a_menu_entry_jumps_to_the_session(
    linked: DaemonHome, tmux: Tmux, pane: str, name: str, run: str
) -> None:
    viewer = tmux.attach()
    [example] = [each for each in examples("swiftbar.md", "sh") if f" {name}" in each]
    plugin = linked.root / "acd.sh"
    plugin.write_text(example.replace(" --follow", ""))
    plugin.chmod(0o755)
    menu = subprocess.run([plugin], env=linked.environ, capture_output=True, text=True, check=True)
    [entry] = [line for line in menu.stdout.splitlines() if " api" in line]
    parameters = dict(each.split("=", 1) for each in entry.partition(" | ")[2].split())
    assert parameters[run] == f"{linked.home}/.local/bin/acd"
    assert parameters["terminal"] == "false"
    argv = [parameters[each] for each in (run, "param1", "param2")]
    subprocess.run(argv, env=linked.environ, capture_output=True, check=True, timeout=WAIT)
    assert viewer.pane() == pane
