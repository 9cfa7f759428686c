"""`jump`: in real tmux servers, with people who look at them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from testing.agents import asks, has_finished, tell
from testing.cli_runs import PROGRAM, Ran, run, until
from testing.command_line import Acd
from testing.listeners import STRANGER, a_strangers_tmux, as_root
from testing.support import Client, Place
from testing.tmux import Tmux, a_tmux

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")


@pytest.fixture
def tmux(alone: Place) -> Iterator[Tmux]:
    with a_tmux(alone) as made:
        yield made


# Which session


@needs_tmux
def test_without_id_it_goes_to_the_first_of_list(alone: Place, tmux: Tmux) -> None:
    alone.start()
    panes = {name: tmux.hidden(name) for name in ("api", "docs", "web")}
    has_finished(alone, "docs", tmux.hints(panes["docs"]))
    asks(alone, "api", tmux.hints(panes["api"]))
    asks(alone, "web", tmux.hints(panes["web"]))
    viewer = tmux.look()
    assert run(alone, "list").lines[0].split()[2] == "api"
    assert run(alone, "jump") == Ran(0, f"api: tmux pane {panes['api']}\n", "")
    assert viewer.pane() == panes["api"]


@needs_tmux
@pytest.mark.parametrize("given", ["3c1f9a02-77", "3c1f", "web"])
def test_a_session_is_named_by_its_id_its_beginning_or_its_name(
    alone: Place, tmux: Tmux, given: str
) -> None:
    alone.start()
    pane = tmux.hidden("web")
    asks(alone, "api", tmux.hints(tmux.hidden("api")))
    tell(alone, "3c1f9a02-77", "UserPromptSubmit", tmux.hints(pane), cwd="/src/web")
    viewer = tmux.look()
    assert run(alone, "jump", given).out == f"web: tmux pane {pane}\n"
    assert viewer.pane() == pane


def test_a_session_that_is_not_there_is_told_as_by_other_commands(acd: Acd, served: Place) -> None:
    done = acd("jump", "nowhere")
    assert (done.code, done.out) == (1, "")
    assert "no session is called 'nowhere', and no session's id begins so" in done.err


def test_an_empty_id_is_none(acd: Acd, served: Place) -> None:
    assert acd("jump", "").code == 2


def test_when_nobody_needs_you_it_says_so(acd: Acd, client: Client) -> None:
    client.ask_all("SET a working", "SET b closed")
    done = acd("jump")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("acd: no session needs you\n")


@needs_tmux
def test_who_cannot_be_gone_to_is_passed_over_and_told(alone: Place, tmux: Tmux) -> None:
    alone.start()
    alone.ask("SET told question")
    asks(alone, "gone", tmux.hints("%99"))
    asks(alone, "alone", {"attended": False})
    pane = tmux.hidden("api")
    asks(alone, "api", tmux.hints(pane))
    tmux.look()
    done = run(alone, "jump")
    assert (done.code, done.out) == (0, f"api: tmux pane {pane}\n")
    assert done.err.splitlines() == [
        "acd: passed over told: it has not told which terminal it runs in",
        "acd: passed over gone: tmux: can't find pane: %99",
        "acd: passed over alone: it runs unattended, and has no terminal of its own",
    ]


@pytest.mark.parametrize(
    ("meta", "why"),
    [
        ({}, "it has not told which terminal it runs in"),
        ({"attended": False}, "it runs unattended, and has no terminal of its own"),
        ({"host": "far"}, "it runs on far, not on this machine"),
        ({"TERM_PROGRAM": "vscode"}, "acd cannot jump to vscode"),
        ({"KITTY_WINDOW_ID": "1"}, "kitty's remote control is off there"),
    ],
)
@pytest.mark.parametrize("given", [("jump",), ("jump", "one")])
def test_what_cannot_be_is_told_with_its_reason(
    acd: Acd, served: Place, meta: object, why: str, given: tuple[str, ...]
) -> None:
    asks(served, "one", meta)
    done = acd(*given)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"acd: one: {why}\n")


def test_of_a_closed_session_it_says_how_to_take_it_up_again(acd: Acd, client: Client) -> None:
    client.ask("SET one closed")
    done = acd("jump", "one")
    assert done.code == 1
    assert "it is closed: acd resurrect one reopens it" in done.err


# Whose screen


@needs_tmux
def test_the_last_used_client_goes_to_a_session_that_nobody_looks_at(
    alone: Place, tmux: Tmux
) -> None:
    alone.start()
    pane = tmux.hidden("api")
    asks(alone, "one", tmux.hints(pane))
    first, second = tmux.look(), tmux.look()
    first.press("x")
    until(lambda: "x" in first.screen())
    assert run(alone, "jump").code == 0
    assert first.pane() == pane
    assert second.pane() != pane


@needs_tmux
def test_where_nobody_looks_at_tmux_it_says_how_to(alone: Place, tmux: Tmux) -> None:
    alone.start()
    pane = tmux.hidden("api")
    asks(alone, "one", tmux.hints(pane))
    done = run(alone, "jump")
    assert done.code == 1
    assert f"attached to no terminal: tmux -S {tmux.socket} attach -t {pane}" in done.err


@needs_tmux
def test_a_pane_of_the_same_number_as_ones_own_in_another_tmux_decides_nothing(
    alone: Place, tmux: Tmux
) -> None:
    alone.start()
    pane = tmux.hidden("api")
    asks(alone, "one", tmux.hints(pane))
    tmux.hidden("web")
    first, last = tmux.look(), tmux.look("web")
    last.press("x")
    until(lambda: "x" in last.screen())
    alone.environ |= {"TMUX": "/another,1,0", "TMUX_PANE": first.pane()}
    assert run(alone, "jump").code == 0
    assert last.pane() == pane
    assert first.pane() != pane


@needs_tmux
def test_in_a_key_binding_the_client_that_is_named_goes_there(alone: Place, tmux: Tmux) -> None:
    alone.start()
    pane = tmux.hidden("api")
    asks(alone, "one", tmux.hints(pane))
    first, second = tmux.look(), tmux.look()
    program = " ".join(PROGRAM)
    tmux.run(
        "bind-key", "j", "run-shell", f"sleep 0.1; {program} jump --tmux-client '#{{client_name}}'"
    )
    first.press("C-b", "j")
    second.press("x", "x", "x")  # the other one is used last
    until(lambda: first.pane() == pane)
    assert second.pane() != pane


# Whose terminal


@as_root
@needs_tmux
@pytest.mark.parametrize("given", [("jump",), ("jump", "forged")])
def test_a_forged_hint_does_not_let_another_users_tmux_write_a_file(
    alone: Place, given: tuple[str, ...]
) -> None:
    alone.start()
    profile = alone.home / ".profile"
    with a_strangers_tmux(alone.root / "theirs", profile) as hints:
        asks(alone, "forged", hints)
        done = run(alone, *given)
    assert (done.code, done.out) == (1, "")
    assert f"theirs belongs to user {STRANGER}" in done.err
    assert not profile.exists()


def test_a_forged_hint_with_control_characters_is_refused_in_one_printable_line(
    acd: Acd, served: Place
) -> None:
    asks(served, "forged", {"TMUX": "/tmp/\x1b[2J,1,0", "TMUX_PANE": "%1"})
    done = acd("jump", "forged")
    assert done.code == 1
    refusal = "its tmux socket /tmp/\\x1b[2J is not used: its path has unprintable characters"
    assert done.err.splitlines()[0] == f"acd: forged: {refusal}"


def test_completion_offers_the_sessions() -> None:
    from tools.command_table import acd

    [command] = [each for each in acd().commands if each.name == "jump"]
    assert [each.kind for each in command.arguments] == ["session"]
