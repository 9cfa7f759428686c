"""How a terminal is brought to the front, or a new one opened: plans, and their being run."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from acd.errors import AcdError
from acd.terminals.terminals import Plan, Step, jump, open_window, run
from testing.listeners import a_listener
from testing.support import Place, place

UUID = "5F0C5A04-5A0C-4C59-9A6D-2D40DDA6A3B1"
ARGV = ["/usr/bin/claude", "--resume", "abc"]


def argvs(plan: Plan) -> list[list[str]]:
    return [list(step.argv) for step in plan.steps]


def nothing(program: str) -> str | None:
    return None


def everything(program: str) -> str | None:
    return f"/usr/bin/{program}"


@pytest.fixture
def here() -> Iterator[Place]:
    with place() as made:
        yield made


@pytest.fixture
def tmux(here: Place) -> Iterator[dict[str, str]]:
    """The hints of a pane: of a server on the socket `tmux`, with a comma in its name."""
    path = here.root / "tmux,1"
    with a_listener(path, "tmux: server") as pid:
        yield {"TMUX": f"{path},{pid},0", "TMUX_PANE": "%7"}


# Jumping ---------------------------------------------------------------------


def test_in_the_same_tmux_the_client_is_switched_to_the_pane(
    here: Place, tmux: dict[str, str]
) -> None:
    [step] = jump(tmux, tmux | {"TMUX_PANE": "%1"}).steps
    assert step.argv == ("tmux", "-S", f"{here.root}/tmux,1", "switch-client", "-t", "%7")
    assert step.environ == {"TMUX_PANE": "%1"}


def test_a_pane_of_an_earlier_server_is_not_taken_for_one_of_todays(
    here: Place, tmux: dict[str, str]
) -> None:
    with pytest.raises(AcdError, match="its tmux server has ended"):
        jump(tmux | {"TMUX": f"{here.root}/tmux,1,1,0"}, {})


def test_from_outside_of_tmux_its_window_and_pane_are_selected(tmux: dict[str, str]) -> None:
    words = [argv[3] for argv in argvs(jump(tmux, {}))]
    assert words == ["select-window", "select-pane", "display-message"]


def test_a_tmux_session_that_nobody_sees_is_told_with_the_command_that_shows_it(
    here: Place, tmux: dict[str, str]
) -> None:
    last = jump(tmux, {}).steps[-1].instead
    assert last is not None
    assert last.argv[3:] == ("switch-client", "-t", "%7")
    assert f"tmux -S {here.root}/tmux,1 attach -t %7" in last.otherwise


def test_of_several_clients_of_the_same_tmux_the_one_that_is_named_is_switched(
    tmux: dict[str, str],
) -> None:
    plan = jump(tmux, tmux, tmux_client="/dev/pts/3")
    assert argvs(plan)[-1][3:] == ["switch-client", "-c", "/dev/pts/3", "-t", "%7"]


def test_a_client_of_another_tmux_is_not_switched(tmux: dict[str, str]) -> None:
    plan = jump(tmux, {"TMUX": "/tmp/other,1,0"}, tmux_client="/dev/pts/3")
    assert not any("/dev/pts/3" in argv for argv in argvs(plan))


def test_kitty_is_told_as_its_manual_says(here: Place) -> None:
    with a_listener(here.root / "kitty", "kitty"):
        listens = f"unix:{here.root}/kitty"
        plan = jump({"KITTY_WINDOW_ID": "12", "KITTY_LISTEN_ON": listens}, {})
    argv = ["kitty", "@", "--to", listens, "focus-window", "--match", "id:12"]
    assert argvs(plan) == [argv]


def test_zellij_is_told_as_its_manual_says(here: Place) -> None:
    environ = {"ZELLIJ_SOCKET_DIR": str(here.root)}
    plan = jump({"ZELLIJ_PANE_ID": "2", "ZELLIJ_SESSION_NAME": "work"}, environ)
    [argv] = argvs(plan)
    assert " ".join(argv) == "zellij --session work action focus-pane-id terminal_2"


def test_wezterm_is_told_as_its_manual_says_and_starts_nothing() -> None:
    plan = jump({"WEZTERM_PANE": "3"}, {})
    [argv] = argvs(plan)
    assert " ".join(argv) == "wezterm cli --no-auto-start activate-pane --pane-id 3"


def test_wezterm_is_told_through_the_socket_of_that_window(here: Place) -> None:
    path = f"{here.root}/w"
    with a_listener(path, "wezterm-gui"):
        plan = jump({"WEZTERM_PANE": "3", "WEZTERM_UNIX_SOCKET": path}, {})
    assert plan.steps[0].environ == {"WEZTERM_UNIX_SOCKET": path}


@pytest.mark.parametrize("hint", [UUID, f"w0t1p0:{UUID}"])
def test_iterm_gets_the_sessions_id_as_an_argument_not_as_text_of_a_script(hint: str) -> None:
    [step] = jump({"ITERM_SESSION_ID": hint}, {}).steps
    assert step.argv[0] == "osascript"
    assert step.argv[-1] == UUID
    assert UUID not in step.argv[2]


def test_the_multiplexer_counts_not_what_is_around_it(tmux: dict[str, str]) -> None:
    plan = jump(tmux | {"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": "unix:/k"}, {})
    assert plan.where == "tmux pane %7"


def test_kitty_without_remote_control_is_told_with_what_to_set() -> None:
    with pytest.raises(AcdError, match="remote control is off") as caught:
        jump({"KITTY_WINDOW_ID": "12"}, {})
    assert "listen_on" in str(caught.value.hint)


@pytest.mark.parametrize("hints", [None, {}])
def test_without_hints_it_says_that_it_does_not_know(hints: dict[str, str] | None) -> None:
    with pytest.raises(AcdError, match="has not told which terminal"):
        jump(hints, {})


def test_another_terminal_is_named_harmlessly() -> None:
    with pytest.raises(AcdError, match=r"cannot jump to Apple\\x1b_Terminal"):
        jump({"TERM_PROGRAM": "Apple\x1b_Terminal"}, {})


@pytest.mark.parametrize(
    "hints",
    [
        {"TMUX_PANE": "-t0"},
        {"TMUX_PANE": "%7;kill-server"},
        {"TMUX_PANE": "%7\n"},
        {"TMUX_PANE": "%\u0667"},
        {"TMUX": "no commas"},
        {"TMUX": "/tmp/x,#{pid},0"},
        {"TMUX": f"/tmp/x,{5000 * '1'},0"},
        {"KITTY_WINDOW_ID": "1 or title:.*", "KITTY_LISTEN_ON": "unix:/k"},
        {"KITTY_WINDOW_ID": "\u0661", "KITTY_LISTEN_ON": "unix:/k"},
        {"WEZTERM_PANE": "--help"},
        {"ZELLIJ_PANE_ID": "x", "ZELLIJ_SESSION_NAME": "work"},
        {"ZELLIJ_PANE_ID": "1", "ZELLIJ_SESSION_NAME": "--config=x"},
        {"ITERM_SESSION_ID": 'x" then do shell script "id"'},
    ],
)
def test_a_hint_that_is_none_is_never_run(tmux: dict[str, str], hints: dict[str, str]) -> None:
    if hints.keys() & tmux.keys():
        hints = tmux | hints
    with pytest.raises(AcdError, match=r"^(acd cannot jump to this terminal|its Zellij session)"):
        jump(hints, {})


def test_kitty_is_never_told_over_the_network() -> None:
    with pytest.raises(AcdError):
        jump({"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": "tcp:example.org:1"}, {})


# New windows ---------------------------------------------------------------------


def test_inside_of_tmux_a_new_window_is_opened_there() -> None:
    plan = open_window(ARGV, "/src/api", "api", {"TMUX": "x,1,0"})
    assert argvs(plan) == [
        ["tmux", "new-window", "-c", "/src/api", "-n", "api", "--", "env", *ARGV]
    ]


def test_what_tmux_would_run_in_a_directorys_name_is_only_its_name() -> None:
    plan = open_window(ARGV, "/src/#(touch x)", "#{pid}", {"TMUX": "x,1,0"})
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
def test_inside_of_another_a_new_one_is_opened_there(environ: dict[str, str], words: str) -> None:
    assert argvs(open_window(ARGV, "/d", "n", environ)) == [[*words.split(), *ARGV]]


def test_a_terminal_of_ones_own_is_opened_as_configured() -> None:
    plan = open_window(
        ARGV, "/d", "n", {"TMUX": "x,1,0"}, where="terminal", terminal="foot -T 'my agent'",
        which=everything,
    )  # fmt: skip
    [step] = plan.steps
    assert list(step.argv) == ["foot", "-T", "my agent", *ARGV]
    assert (step.cwd, step.detached) == ("/d", True)


def test_where_there_is_a_screen_the_systems_own_terminal_is_opened() -> None:
    plan = open_window(ARGV, "/d", "n", {"DISPLAY": ":0"}, which=everything)
    assert argvs(plan) == [["x-terminal-emulator", "-e", *ARGV]]


def test_where_there_is_none_it_says_what_to_set() -> None:
    with pytest.raises(AcdError, match="no terminal to open") as caught:
        open_window(ARGV, "/d", "n", {}, which=everything)
    assert "dashboard.terminal" in str(caught.value.hint)


def test_a_configured_terminal_that_is_not_there_is_named() -> None:
    with pytest.raises(AcdError, match="foot is not on PATH"):
        open_window(ARGV, "/d", "n", {}, terminal="foot", which=nothing)


def test_a_configured_terminal_that_is_no_command_line_is_shown() -> None:
    with pytest.raises(AcdError, match="no command line"):
        open_window(ARGV, "/d", "n", {}, terminal="foot 'half", which=everything)


# Running ---------------------------------------------------------------------------


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


SECRETS = {"ANTHROPIC_API_KEY": "sk-secret", "SSH_AUTH_SOCK": "/run/agent", "TMUX": "/t,1,0"}


def test_a_terminals_client_gets_nothing_of_the_environment_that_may_be_secret(
    tmp_path: Path,
) -> None:
    program = script(tmp_path / "client", f"env >{tmp_path}/env")
    ours = {"HOME": "/h", "LC_CTYPE": "C.UTF-8", "PATH": os.defpath, "XDG_RUNTIME_DIR": "/r"}
    run(Plan("x", (Step((program,), {"TMUX_PANE": "%1"}),)), ours | SECRETS)
    had = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    of_the_shell = {"PWD", "_", "OLDPWD", "SHLVL"}
    assert {name: had[name] for name in had.keys() - of_the_shell} == ours | {"TMUX_PANE": "%1"}


@pytest.mark.parametrize(
    "ours", [{"TMUX": "x,1,0"}, {"KITTY_LISTEN_ON": "unix:/k"}, {"DISPLAY": ":0"}]
)
def test_what_the_user_takes_up_again_gets_the_users_whole_environment(
    tmp_path: Path, ours: dict[str, str]
) -> None:
    plan = open_window(ARGV, "/d", "n", ours, which=everything)
    program = script(tmp_path / "client", f"echo $ANTHROPIC_API_KEY >{tmp_path}/env")
    run(replace(plan, steps=(Step((program,)),)), os.environ | SECRETS)
    assert (tmp_path / "env").read_text() == "sk-secret\n"


def test_an_argument_with_a_nul_is_an_error_in_words() -> None:
    with pytest.raises(AcdError, match="cannot run true: embedded null byte"):
        run(Plan("x", (Step(("true", "a\0b")),)))


def test_steps_run_one_after_the_other_with_their_environment(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = script(tmp_path / "say", f'echo "$1 $WHO" >>{log}')
    run(Plan("x", (Step((program, "one"), {"WHO": "me"}), Step((program, "two"), {"WHO": "you"}))))
    assert log.read_text() == "one me\ntwo you\n"


def test_a_step_that_fails_ends_the_plan_with_what_it_said(tmp_path: Path) -> None:
    program = script(tmp_path / "fail", "echo no such pane \x1b[2J >&2; exit 1")
    never = tmp_path / "never"
    with pytest.raises(AcdError, match=r"no such pane \\x1b\[2J") as caught:
        run(Plan("x", (Step((program,)), Step(("touch", str(never)))), hint="try this"))
    assert caught.value.hint == "try this"
    assert not never.exists()


def test_a_step_that_prints_something_else_ends_the_plan_with_what_that_means(
    tmp_path: Path,
) -> None:
    with pytest.raises(AcdError, match="it is gone"):
        run(Plan("x", (Step(("echo", "2"), expects="1", otherwise="it is gone"),)))
    run(Plan("x", (Step(("echo", "1"), expects="1"),)))


def test_a_step_that_prints_something_else_may_be_followed_by_another(tmp_path: Path) -> None:
    instead = Step(("sh", "-c", f"touch {tmp_path}/done"))
    for printed in ("yes", "no"):
        assert not (tmp_path / "done").exists()
        run(Plan("x", (Step(("echo", printed), expects="yes", instead=instead),)))
    assert (tmp_path / "done").exists()


def test_a_step_whose_failure_has_a_meaning_ends_the_plan_with_it() -> None:
    with pytest.raises(AcdError, match="nobody looks at it"):
        run(Plan("x", (Step(("false",), otherwise="nobody looks at it"),)))


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(AcdError, match="no-such-program"):
        run(Plan("x", (Step(("no-such-program",)),)))


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    with pytest.raises(AcdError, match="gone"):
        run(Plan("x", (Step(("true",), cwd=gone, detached=True),)))


def test_a_program_that_does_not_end_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acd.terminals.terminals.STEP_SECONDS", 0.1)
    with pytest.raises(AcdError, match="did not end"):
        run(Plan("x", (Step(("sleep", "30")),)))


def test_a_detached_program_lives_on_in_its_directory(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    fifo = tmp_path / "fifo"
    program = script(tmp_path / "terminal", f"{{ pwd; ps -o sid= -p $$; }} >{fifo}")
    os.mkfifo(fifo)
    run(Plan("x", (Step((program,), cwd=str(place), detached=True),)))
    # The program still waits for a reader of the fifo: run() did not wait for its end.
    assert fifo.read_text().strip().split()[0] == str(place)
