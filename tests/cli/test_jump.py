"""`jump`: in real tmux servers, with people who look at them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Acd
from tests.cli.looked_at import Server, asks, has_finished, tell
from tests.cli.runs import PROGRAM, Ran, run, until
from tests.support import Client, Place

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")


@pytest.fixture
def server(alone: Place) -> Iterator[Server]:
    made = Server(alone)
    try:
        yield made
    finally:
        made.end()


# Which session


@needs_tmux
def test_without_id_it_goes_to_the_first_of_list(alone: Place, server: Server) -> None:
    alone.start()
    panes = {name: server.pane(name) for name in ("api", "docs", "web")}
    has_finished(alone, "docs", server.hints(panes["docs"]))
    asks(alone, "api", server.hints(panes["api"]))
    asks(alone, "web", server.hints(panes["web"]))
    client = server.somebody_at("home")
    assert run(alone, "list").lines[0].split()[2] == "api"
    assert run(alone, "jump") == Ran(0, f"api: tmux pane {panes['api']}\n", "")
    assert server.clients() == {client: panes["api"]}


@needs_tmux
@pytest.mark.parametrize("given", ["3c1f9a02-77", "3c1f", "web"])
def test_a_session_is_named_by_its_id_its_beginning_or_its_name(
    alone: Place, server: Server, given: str
) -> None:
    alone.start()
    pane = server.pane("web")
    asks(alone, "api", server.hints(server.pane("api")))
    event = ("3c1f9a02-77", "UserPromptSubmit", server.hints(pane))
    tell(alone, *event, cwd="/src/web")
    client = server.somebody_at("home")
    assert run(alone, "jump", given).out == f"web: tmux pane {pane}\n"
    assert server.clients() == {client: pane}


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
    assert done.err.startswith("acd: nobody needs you\n")


@needs_tmux
def test_who_cannot_be_gone_to_is_passed_over_and_told(alone: Place, server: Server) -> None:
    alone.start()
    alone.ask("SET told question")
    asks(alone, "gone", server.hints("%99"))
    asks(alone, "alone", {"attended": False})
    pane = server.pane("api")
    asks(alone, "api", server.hints(pane))
    server.somebody_at("home")
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
    assert "it is closed: acd resurrect one takes it up again" in done.err


# Whose screen


@needs_tmux
def test_the_last_used_client_goes_to_a_session_that_nobody_looks_at(
    alone: Place, server: Server
) -> None:
    alone.start()
    pane = server.pane("api")
    asks(alone, "one", server.hints(pane))
    first, second = server.somebody_at("home"), server.somebody_at("home")
    server.press(0, "x")
    until(lambda: "x" in server.screen(0))
    assert run(alone, "jump").code == 0
    assert server.clients()[first] == pane
    assert server.clients()[second] != pane


@needs_tmux
def test_where_nobody_looks_at_tmux_it_says_how_to(alone: Place, server: Server) -> None:
    alone.start()
    pane = server.pane("api")
    asks(alone, "one", server.hints(pane))
    done = run(alone, "jump")
    assert done.code == 1
    assert f"attached to no terminal: tmux -S {server.socket} attach -t {pane}" in done.err


@needs_tmux
def test_a_pane_of_the_same_number_as_ones_own_in_another_tmux_decides_nothing(
    alone: Place, server: Server
) -> None:
    alone.start()
    pane = server.pane("api")
    asks(alone, "one", server.hints(pane))
    server.pane("web")
    first, last = server.somebody_at("home"), server.somebody_at("web")
    server.press(1, "x")
    until(lambda: "x" in server.screen(1))
    alone.environ |= {"TMUX": "/another,1,0", "TMUX_PANE": server.clients()[first]}
    assert run(alone, "jump").code == 0
    assert server.clients()[last] == pane
    assert server.clients()[first] != pane


@needs_tmux
def test_in_a_key_binding_the_client_that_is_named_goes_there(alone: Place, server: Server) -> None:
    alone.start()
    pane = server.pane("api")
    asks(alone, "one", server.hints(pane))
    first, second = server.somebody_at("home"), server.somebody_at("home")
    program = " ".join(PROGRAM)
    server.tmux(
        "bind-key", "j", "run-shell", f"sleep 0.1; {program} jump --tmux-client '#{{client_name}}'"
    )
    server.press(0, "C-b", "j")
    server.press(1, "x", "x", "x")  # the other one is used last
    until(lambda: server.clients()[first] == pane)
    assert server.clients()[second] != pane


def test_completion_offers_the_sessions() -> None:
    from tests.command_table import acd

    [command] = [each for each in acd().commands if each.name == "jump"]
    assert [each.kind for each in command.arguments] == ["session"]
