"""The plans that open a new terminal window, tab or pane."""

from __future__ import annotations

import pytest

from acd.errors import AcdError
from acd.terminals.plan import TerminalPlan
from acd.terminals.window import window_plan

ARGV = ["/usr/bin/claude", "--resume", "abc"]


def argvs(plan: TerminalPlan) -> list[list[str]]:
    return [list(step.argv) for step in plan.steps]


def nothing(program: str) -> str | None:
    return None


def everything(program: str) -> str | None:
    return f"/usr/bin/{program}"


def test_inside_tmux_a_new_window_opens_there() -> None:
    plan = window_plan(ARGV, "/src/api", "api", {"TMUX": "x,1,0"})
    assert argvs(plan) == [
        ["tmux", "new-window", "-c", "/src/api", "-n", "api", "--", "env", *ARGV]
    ]


def test_tmux_formats_in_a_directorys_name_are_escaped() -> None:
    plan = window_plan(ARGV, "/src/#(touch x)", "#{pid}", {"TMUX": "x,1,0"})
    assert argvs(plan)[0][3:6] == ["/src/##(touch x)", "-n", "##{pid}"]


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"ZELLIJ_SESSION_NAME": "work"}, "zellij run --cwd /d --name n --"),
        (
            {"KITTY_LISTEN_ON": "unix:/k"},
            "kitty @ --to unix:/k launch --type=tab --cwd /d --tab-title n",
        ),
        ({"WEZTERM_PANE": "1"}, "wezterm cli spawn --cwd /d --"),
    ],
)
def test_inside_another_terminal_a_new_window_opens_there(
    environ: dict[str, str], words: str
) -> None:
    assert argvs(window_plan(ARGV, "/d", "n", environ)) == [[*words.split(), *ARGV]]


def test_a_new_terminal_opens_as_configured() -> None:
    plan = window_plan(
        ARGV, "/d", "n", {"TMUX": "x,1,0"}, where="terminal", terminal="foot -T 'my agent'",
        which=everything,
    )  # fmt: skip
    [step] = plan.steps
    assert list(step.argv) == ["foot", "-T", "my agent", *ARGV]
    assert (step.cwd, step.detached) == ("/d", True)


def test_with_a_display_the_default_terminal_of_the_system_opens() -> None:
    plan = window_plan(ARGV, "/d", "n", {"DISPLAY": ":0"}, which=everything)
    assert argvs(plan) == [["x-terminal-emulator", "-e", *ARGV]]


def test_without_a_display_the_error_names_the_setting() -> None:
    with pytest.raises(AcdError, match="no terminal to open") as caught:
        window_plan(ARGV, "/d", "n", {}, which=everything)
    assert "dashboard.terminal" in str(caught.value.hint)


def test_a_missing_configured_terminal_is_named() -> None:
    with pytest.raises(AcdError, match="foot is not on PATH"):
        window_plan(ARGV, "/d", "n", {}, terminal="foot", which=nothing)


def test_an_invalid_configured_command_line_is_shown() -> None:
    with pytest.raises(AcdError, match="is not a valid command line"):
        window_plan(ARGV, "/d", "n", {}, terminal="foot 'half", which=everything)


@pytest.mark.parametrize(
    "environ", [{"TMUX": "x,1,0"}, {"KITTY_LISTEN_ON": "unix:/k"}, {"DISPLAY": ":0"}]
)
def test_a_program_in_a_new_window_gets_the_whole_environment(environ: dict[str, str]) -> None:
    assert window_plan(ARGV, "/d", "n", environ, which=everything).whole_environ
