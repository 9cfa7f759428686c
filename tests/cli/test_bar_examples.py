"""The examples in docs/integrations run with the program installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from testing.checkout import FIXTURES
from testing.cli_runs import until
from testing.command_line import ViewStatusLine
from testing.doc_examples import examples
from testing.screen import screen
from testing.support import WAIT, DaemonHome


def install(home: DaemonHome) -> None:
    """The program where the examples have it."""
    program = home.home / ".local/bin/acd"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m acd "$@"\n')
    program.chmod(0o755)


@pytest.fixture
def asking(alone: DaemonHome) -> DaemonHome:
    """The program, a daemon, and a session with a question."""
    install(alone)
    alone.start()
    alone.ask('SET a question {"name": "api"}', "SET b working")
    return alone


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
@pytest.mark.parametrize("example", examples("tmux.md", "tmux")[:2])
@pytest.mark.usefixtures("asking")
def test_tmux_shows_it_by_each_of_the_examples(status_line: ViewStatusLine, example: str) -> None:
    status_line(example).until_in_status_line("▲1 ▸1 ")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
@pytest.mark.usefixtures("asking")
def test_tmux_shows_a_template_in_colours_of_ones_own(status_line: ViewStatusLine) -> None:
    viewer = status_line("set -g status-right '<#{@acd}>'", examples("tmux.md", "tmux")[2])
    viewer.until_in_status_line("<1 0>")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
@pytest.mark.usefixtures("asking")
def test_tmux_takes_the_key_for_the_dashboard(status_line: ViewStatusLine) -> None:
    tmux = status_line(examples("tmux.md", "tmux")[-1]).tmux
    assert "acd dashboard" in tmux.run("list-keys", "-T", "prefix", "A")


@pytest.mark.skipif(shutil.which("i3blocks") is None, reason="there is no i3blocks")
@pytest.mark.parametrize("example", examples("i3blocks.md", "ini"))
def test_i3blocks_shows_it_by_each_of_the_examples(asking: DaemonHome, example: str) -> None:
    config = asking.root / "i3blocks.conf"
    config.write_text(example)
    process = subprocess.Popen(
        ["i3blocks", "-c", str(config)],
        env=asking.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        ours: list[dict[str, Any]] = []
        while not ours:
            line = process.stdout.readline().decode().strip().lstrip(",")
            blocks = json.loads(line) if line.startswith("[{") else []
            ours = [block for block in blocks if block["full_text"] == "▲1 ▸1"]
        assert ours[0]["short_text"] == "▲1"
        assert ours[0]["color"].startswith("#")
    finally:
        process.terminate()
        process.communicate(timeout=WAIT)


@pytest.mark.parametrize("example", examples("swiftbar.md", "sh"))
def test_the_plugins_for_menu_bars_print_a_menu(asking: DaemonHome, example: str) -> None:
    plugin = asking.root / "acd.sh"
    plugin.write_text(example)
    plugin.chmod(0o755)
    process = subprocess.Popen([str(plugin)], env=asking.environ, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        assert any(line.startswith("▲1 ▸1 |") for line in lines[:2])
    finally:
        process.kill()
        process.communicate()


def test_a_status_line_of_ones_own_shows_acds_as_well(asking: DaemonHome) -> None:
    [script] = [each for each in examples("claude-code.md", "sh") if "cat" in each]
    status = FIXTURES / "claude-code-2.1.329/statusLine.json"
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        input=status.read_bytes(),
        env={**asking.environ, "NO_COLOR": "1"},
        cwd=asking.root,
        capture_output=True,
        check=True,
        timeout=WAIT,
    )
    assert done.stdout.decode().split("\n")[1] == "Opus 5.5 · 0% context · $0.00 │ ▲ api asks"


def test_waybars_example_is_json_that_names_our_command() -> None:
    [example] = examples("waybar.md", "json")
    module = json.loads(example)["custom/acd"]
    assert module["return-type"] == "json"
    assert module["exec"].endswith("acd bar waybar --follow")


@pytest.mark.skipif(shutil.which("polybar") is None, reason="there is no polybar")
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="there is no Xvfb")
def test_polybar_runs_the_first_example_until_it_follows(asking: DaemonHome) -> None:
    module = examples("polybar.md", "ini")[0]
    config = asking.root / "polybar.ini"
    config.write_text(f"[bar/top]\noverride-redirect = true\nmodules-left = acd\n{module}")
    with screen("800x60") as display:
        bar = subprocess.Popen(
            ["polybar", "-c", str(config), "top"],
            env={**asking.environ, "DISPLAY": display},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with asking.client() as client:
                until(lambda: client.info()["subscribers"] == 1)
        finally:
            bar.terminate()
            bar.wait(WAIT)
