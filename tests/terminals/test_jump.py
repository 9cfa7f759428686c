"""`acd jump` in real tmux servers with attached clients."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from testing.agents import send_event, send_question, send_stop
from testing.cli_runs import PROGRAM, Ran, run, until
from testing.command_line import Acd
from testing.listeners import STRANGER, a_strangers_tmux, as_root
from testing.support import DaemonHome, LineClient
from testing.tmux import Tmux, a_tmux

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")


@pytest.fixture
def tmux(alone: DaemonHome) -> Iterator[Tmux]:
    with a_tmux(alone) as made:
        yield made


# Which session


@needs_tmux
def test_without_an_id_it_jumps_to_the_first_session_of_list(alone: DaemonHome, tmux: Tmux) -> None:
    alone.start()
    panes = {name: tmux.background_pane(name) for name in ("api", "docs", "web")}
    send_stop(alone, "docs", tmux.hints(panes["docs"]))
    send_question(alone, "api", tmux.hints(panes["api"]))
    send_question(alone, "web", tmux.hints(panes["web"]))
    viewer = tmux.attach()
    assert run(alone, "list").lines[0].split()[2] == "api"
    assert run(alone, "jump") == Ran(0, f"api: tmux pane {panes['api']}\n", "")
    assert viewer.pane() == panes["api"]


@needs_tmux
@pytest.mark.parametrize("given", ["3c1f9a02-77", "3c1f", "web"])
def test_a_session_is_named_by_its_id_a_prefix_of_it_or_its_name(
    alone: DaemonHome, tmux: Tmux, given: str
) -> None:
    alone.start()
    pane = tmux.background_pane("web")
    send_question(alone, "api", tmux.hints(tmux.background_pane("api")))
    send_event(alone, "3c1f9a02-77", "UserPromptSubmit", tmux.hints(pane), cwd="/src/web")
    viewer = tmux.attach()
    assert run(alone, "jump", given).out == f"web: tmux pane {pane}\n"
    assert viewer.pane() == pane


def test_an_unknown_session_is_an_error_as_in_other_commands(acd: Acd, served: DaemonHome) -> None:
    done = acd("jump", "nowhere")
    assert (done.code, done.out) == (1, "")
    assert "no session has the name 'nowhere' or an id that begins with it" in done.err


def test_an_empty_id_is_a_usage_error(acd: Acd, served: DaemonHome) -> None:
    assert acd("jump", "").code == 2


def test_without_a_session_that_needs_the_user_it_fails(acd: Acd, client: LineClient) -> None:
    client.ask_all("SET a working", "SET b closed")
    done = acd("jump")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("acd: no session needs you\n")


@needs_tmux
def test_a_session_without_a_reachable_terminal_is_passed_over_with_the_reason(
    alone: DaemonHome, tmux: Tmux
) -> None:
    alone.start()
    alone.ask("SET unknown question")
    send_question(alone, "gone", tmux.hints("%99"))
    send_question(alone, "alone", {"attended": False})
    pane = tmux.background_pane("api")
    send_question(alone, "api", tmux.hints(pane))
    tmux.attach()
    done = run(alone, "jump")
    assert (done.code, done.out) == (0, f"api: tmux pane {pane}\n")
    assert done.err.splitlines() == [
        "acd: passed over unknown: its terminal is not known",
        "acd: passed over gone: tmux: can't find pane: %99",
        "acd: passed over alone: it runs unattended, and has no terminal of its own",
    ]


@pytest.mark.parametrize(
    ("meta", "why"),
    [
        ({}, "its terminal is not known"),
        ({"attended": False}, "it runs unattended, and has no terminal of its own"),
        ({"host": "far"}, "it runs on far, not on this machine"),
        ({"TERM_PROGRAM": "vscode"}, "acd cannot jump to vscode"),
        ({"KITTY_WINDOW_ID": "1"}, "kitty's remote control is off there"),
    ],
)
@pytest.mark.parametrize("given", [("jump",), ("jump", "one")])
def test_a_jump_that_is_not_possible_fails_with_the_reason(
    acd: Acd, served: DaemonHome, meta: object, why: str, given: tuple[str, ...]
) -> None:
    send_question(served, "one", meta)
    done = acd(*given)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"acd: one: {why}\n")


def test_the_error_for_a_closed_session_names_the_command_that_resumes_it(
    acd: Acd, client: LineClient
) -> None:
    client.ask("SET one closed")
    done = acd("jump", "one")
    assert done.code == 1
    assert "it is closed: acd resurrect one reopens it" in done.err


# Which client


@needs_tmux
def test_the_last_used_client_switches_to_a_session_without_clients(
    alone: DaemonHome, tmux: Tmux
) -> None:
    alone.start()
    pane = tmux.background_pane("api")
    send_question(alone, "one", tmux.hints(pane))
    first, second = tmux.attach(), tmux.attach()
    first.press("x")
    until(lambda: "x" in first.screen())
    assert run(alone, "jump").code == 0
    assert first.pane() == pane
    assert second.pane() != pane


@needs_tmux
def test_without_clients_the_error_has_the_command_that_attaches_one(
    alone: DaemonHome, tmux: Tmux
) -> None:
    alone.start()
    pane = tmux.background_pane("api")
    send_question(alone, "one", tmux.hints(pane))
    done = run(alone, "jump")
    assert done.code == 1
    assert f"attached to no terminal: tmux -S {tmux.socket} attach -t {pane}" in done.err


@needs_tmux
def test_the_users_pane_in_another_tmux_does_not_choose_the_client(
    alone: DaemonHome, tmux: Tmux
) -> None:
    alone.start()
    pane = tmux.background_pane("api")
    send_question(alone, "one", tmux.hints(pane))
    tmux.background_pane("web")
    first, last = tmux.attach(), tmux.attach("web")
    last.press("x")
    until(lambda: "x" in last.screen())
    alone.environ |= {"TMUX": "/another,1,0", "TMUX_PANE": first.pane()}
    assert run(alone, "jump").code == 0
    assert last.pane() == pane
    assert first.pane() != pane


@needs_tmux
def test_in_a_key_binding_the_named_client_switches(alone: DaemonHome, tmux: Tmux) -> None:
    alone.start()
    pane = tmux.background_pane("api")
    send_question(alone, "one", tmux.hints(pane))
    first, second = tmux.attach(), tmux.attach()
    program = " ".join(PROGRAM)
    tmux.run(
        "bind-key", "j", "run-shell", f"sleep 0.1; {program} jump --tmux-client '#{{client_name}}'"
    )
    first.press("C-b", "j")
    second.press("x", "x", "x")  # now the other client is the last used one
    until(lambda: first.pane() == pane)
    assert second.pane() != pane


# Whose terminal


@as_root
@needs_tmux
@pytest.mark.parametrize("given", [("jump",), ("jump", "forged")])
def test_a_forged_hint_does_not_let_another_users_tmux_write_a_file(
    alone: DaemonHome, given: tuple[str, ...]
) -> None:
    alone.start()
    profile = alone.home / ".profile"
    with a_strangers_tmux(alone.root / "theirs", profile) as hints:
        send_question(alone, "forged", hints)
        done = run(alone, *given)
    assert (done.code, done.out) == (1, "")
    assert f"theirs belongs to user {STRANGER}" in done.err
    assert not profile.exists()


def test_a_forged_hint_with_control_characters_is_refused_in_one_printable_line(
    acd: Acd, served: DaemonHome
) -> None:
    send_question(served, "forged", {"TMUX": "/tmp/\x1b[2J,1,0", "TMUX_PANE": "%1"})
    done = acd("jump", "forged")
    assert done.code == 1
    refusal = "its tmux socket /tmp/\\x1b[2J is not used: its path has unprintable characters"
    assert done.err.splitlines()[0] == f"acd: forged: {refusal}"


def test_completion_offers_the_sessions() -> None:
    from tools.command_table import acd

    [command] = [each for each in acd().commands if each.name == "jump"]
    assert [each.kind for each in command.arguments] == ["session"]
