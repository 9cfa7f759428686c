"""Focusing kitty windows and opening tabs, in a real kitty on a virtual X server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from acd.errors import AcdError
from acd.terminals.jump import jump_plan
from acd.terminals.plan import run_plan
from acd.terminals.window import window_plan
from testing.kitty import IS_THERE, SLEEP, Kitty, a_kitty

pytestmark = [
    pytest.mark.skipif(not IS_THERE, reason="needs kitty and Xvfb"),
    pytest.mark.slow,  # a kitty draws without a GPU
]


@pytest.fixture
def kitty() -> Iterator[Kitty]:
    with a_kitty() as made:
        yield made


def test_a_tab_is_opened_and_its_neighbour_jumped_to(kitty: Kitty) -> None:
    [first] = kitty.focused()
    run_plan(window_plan(SLEEP, "/usr/share", "-x #(y)", {"KITTY_LISTEN_ON": kitty.listens}))
    kitty.until(lambda: len(kitty.windows()) == 2 and kitty.focused() != [first])
    assert kitty.windows()[1]["cwd"] == "/usr/share"
    run_plan(jump_plan(kitty.hints(first), {}), kitty.environ)
    kitty.until(lambda: kitty.focused() == [first])


def test_a_missing_window_is_an_error(kitty: Kitty) -> None:
    with pytest.raises(AcdError, match="No matching windows"):
        run_plan(jump_plan(kitty.hints(99), {}), kitty.environ)
