"""The plans that bring a terminal to the front."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from acd.errors import AcdError
from acd.terminals.jump import jump_plan
from acd.terminals.plan import TerminalPlan
from testing.listeners import a_listener
from testing.support import DaemonHome

UUID = "5F0C5A04-5A0C-4C59-9A6D-2D40DDA6A3B1"


def argvs(plan: TerminalPlan) -> list[list[str]]:
    return [list(step.argv) for step in plan.steps]


@pytest.fixture
def here() -> Iterator[DaemonHome]:
    with DaemonHome() as made:
        yield made


@pytest.fixture
def in_tmux(here: DaemonHome) -> Iterator[dict[str, str]]:
    """The hints of a pane, whose server's socket has a comma in its name."""
    path = here.root / "tmux,1"
    with a_listener(path, "tmux: server") as pid:
        yield {"TMUX": f"{path},{pid},0", "TMUX_PANE": "%7"}


def test_inside_the_same_tmux_the_client_switches_to_the_pane(
    here: DaemonHome, in_tmux: dict[str, str]
) -> None:
    [step] = jump_plan(in_tmux, in_tmux | {"TMUX_PANE": "%1"}).steps
    assert step.argv == ("tmux", "-S", f"{here.root}/tmux,1", "switch-client", "-t", "%7")
    assert step.environ == {"TMUX_PANE": "%1"}


def test_a_pane_of_an_earlier_server_is_refused(here: DaemonHome, in_tmux: dict[str, str]) -> None:
    with pytest.raises(AcdError, match="its tmux server has ended"):
        jump_plan(in_tmux | {"TMUX": f"{here.root}/tmux,1,1,0"}, {})


def test_from_outside_tmux_its_window_and_pane_are_selected(in_tmux: dict[str, str]) -> None:
    words = [argv[3] for argv in argvs(jump_plan(in_tmux, {}))]
    assert words == ["select-window", "select-pane", "display-message"]


def test_the_error_for_a_detached_tmux_session_has_the_command_that_attaches_it(
    here: DaemonHome, in_tmux: dict[str, str]
) -> None:
    last = jump_plan(in_tmux, {}).steps[-1].fallback
    assert last is not None
    assert last.argv[3:] == ("switch-client", "-t", "%7")
    assert f"tmux -S {here.root}/tmux,1 attach -t %7" in last.failure


def test_the_named_one_of_several_clients_of_the_same_tmux_switches(
    in_tmux: dict[str, str],
) -> None:
    plan = jump_plan(in_tmux, in_tmux, tmux_client="/dev/pts/3")
    assert argvs(plan)[-1][3:] == ["switch-client", "-c", "/dev/pts/3", "-t", "%7"]


def test_a_client_of_another_tmux_does_not_switch(in_tmux: dict[str, str]) -> None:
    plan = jump_plan(in_tmux, {"TMUX": "/tmp/other,1,0"}, tmux_client="/dev/pts/3")
    assert not any("/dev/pts/3" in argv for argv in argvs(plan))


def test_kitty_is_called_as_its_manual_documents(here: DaemonHome) -> None:
    with a_listener(here.root / "kitty", "kitty"):
        listens = f"unix:{here.root}/kitty"
        plan = jump_plan({"KITTY_WINDOW_ID": "12", "KITTY_LISTEN_ON": listens}, {})
    argv = ["kitty", "@", "--to", listens, "focus-window", "--match", "id:12"]
    assert argvs(plan) == [argv]


def test_zellij_is_called_as_its_manual_documents(here: DaemonHome) -> None:
    environ = {"ZELLIJ_SOCKET_DIR": str(here.root)}
    plan = jump_plan({"ZELLIJ_PANE_ID": "2", "ZELLIJ_SESSION_NAME": "work"}, environ)
    [argv] = argvs(plan)
    assert " ".join(argv) == "zellij --session work action focus-pane-id terminal_2"


def test_wezterm_is_called_as_its_manual_documents_and_starts_nothing() -> None:
    plan = jump_plan({"WEZTERM_PANE": "3"}, {})
    [argv] = argvs(plan)
    assert " ".join(argv) == "wezterm cli --no-auto-start activate-pane --pane-id 3"


def test_wezterm_is_called_with_the_socket_of_that_window(here: DaemonHome) -> None:
    path = f"{here.root}/w"
    with a_listener(path, "wezterm-gui"):
        plan = jump_plan({"WEZTERM_PANE": "3", "WEZTERM_UNIX_SOCKET": path}, {})
    assert plan.steps[0].environ == {"WEZTERM_UNIX_SOCKET": path}


@pytest.mark.parametrize("hint", [UUID, f"w0t1p0:{UUID}"])
def test_iterm_gets_the_sessions_id_as_an_argument_and_not_in_the_script(hint: str) -> None:
    [step] = jump_plan({"ITERM_SESSION_ID": hint}, {}).steps
    assert step.argv[0] == "osascript"
    assert step.argv[-1] == UUID
    assert UUID not in step.argv[2]


def test_a_multiplexer_counts_and_not_the_terminal_around_it(in_tmux: dict[str, str]) -> None:
    plan = jump_plan(in_tmux | {"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": "unix:/k"}, {})
    assert plan.where == "tmux pane %7"


def test_the_error_for_kitty_without_remote_control_names_the_setting() -> None:
    with pytest.raises(AcdError, match="remote control is off") as caught:
        jump_plan({"KITTY_WINDOW_ID": "12"}, {})
    assert "listen_on" in str(caught.value.hint)


@pytest.mark.parametrize("hints", [None, {}])
def test_without_hints_the_terminal_is_not_known(hints: dict[str, str] | None) -> None:
    with pytest.raises(AcdError, match="its terminal is not known"):
        jump_plan(hints, {})


def test_the_name_of_an_unsupported_terminal_is_escaped() -> None:
    with pytest.raises(AcdError, match=r"cannot jump to Apple\\x1b_Terminal"):
        jump_plan({"TERM_PROGRAM": "Apple\x1b_Terminal"}, {})


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
def test_an_invalid_hint_is_never_an_argument(
    in_tmux: dict[str, str], hints: dict[str, str]
) -> None:
    if hints.keys() & in_tmux.keys():
        hints = in_tmux | hints
    with pytest.raises(AcdError, match=r"^(acd cannot jump to this terminal|its Zellij session)"):
        jump_plan(hints, {})


def test_kitty_is_not_called_over_the_network() -> None:
    with pytest.raises(AcdError):
        jump_plan({"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": "tcp:example.org:1"}, {})
