"""What keys and the mouse do, played on the real program without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from acd.ui.dashboard.app import Dashboard
from testing.dashboard.fake_daemon import Stage
from testing.dashboard.pilot import awaited, playing
from testing.dashboard.scene import morning

ORDER = ["shop/api", "docs", "web-frontend", "infra", "billing/api"]


@pytest.fixture(autouse=True)
def scene(stage: Stage) -> None:
    morning(stage)


@awaited
async def test_those_who_need_you_are_at_the_top(stage: Stage) -> None:
    async with playing(stage) as player:
        assert player.names() == ORDER
        assert "▲ 2 need you · 3 working · 2 closed" in player.lines()[0]


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ("", "shop/api"),
        ("j", "docs"),
        ("down", "docs"),
        ("j j k", "docs"),
        ("j up", "shop/api"),
        ("k", "shop/api"),
        ("end k", "billing/api"),
        ("G k", "billing/api"),
        ("G g", "shop/api"),
        ("end home", "shop/api"),
        ("pagedown k", "billing/api"),
        ("pagedown pageup", "shop/api"),
    ],
)
@awaited
async def test_keys_move_the_cursor(stage: Stage, keys: str, name: str) -> None:
    async with playing(stage) as player:
        await player.press(*keys.split())
        assert player.chosen() == name


@awaited
async def test_until_it_is_moved_the_cursor_stays_at_the_top(stage: Stage) -> None:
    async with playing(stage) as player:
        stage.set("infra", "question")
        stage.say("RM api")
        await player.until(lambda: player.names()[0] == "infra")
        assert player.chosen() == "infra"


@awaited
async def test_once_it_is_moved_the_cursor_stays_on_its_session(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("j")
        stage.set("infra", "question")
        await player.until(lambda: player.names()[1] == "infra")
        assert player.chosen() == "docs"


@awaited
async def test_when_its_session_goes_the_cursor_takes_the_next(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("j")
        stage.say("DELETE docs")
        await player.until(lambda: "docs" not in player.names())
        assert player.chosen() == "web-frontend"


@awaited
async def test_ages_grow_with_the_clock(stage: Stage) -> None:
    async with playing(stage) as player:
        assert "4m 12s" in player.text()
        stage.pass_time(10)
        await player.until(lambda: "4m 22s" in player.text())


# Details -----------------------------------------------------------------------


@awaited
async def test_enter_opens_the_details_and_enter_goes_back(stage: Stage) -> None:
    async with playing(stage, size=(100, 40)) as player:
        await player.press("enter")
        seen = player.text()
        assert "▲ question for 4m 12s, because its hook reported it" in seen
        assert "asks: Bash: git push --force-with-lease origin prices" in seen
        assert "61% of its context" in seen
        assert "tmux pane %4" in seen
        assert "after 21m 48s working" in seen
        await player.press("enter")
        assert player.names() == ORDER


@awaited
async def test_numbers_open_and_fold_the_sections_of_the_details(stage: Stage) -> None:
    stage.set("api", "question", ticket="ABC-1")
    async with playing(stage, size=(100, 50)) as player:
        await player.press("enter")
        assert "ABC-1" not in player.text()
        await player.press("3", "1")
        assert "ticket: ABC-1" in player.text()
        assert "after 21m 48s working" not in player.text()


@awaited
async def test_a_click_on_a_section_opens_it(stage: Stage) -> None:
    stage.set("api", "question", ticket="ABC-1")
    async with playing(stage, size=(100, 50)) as player:
        await player.press("enter")
        await player.click("metadata")
        assert "ticket: ABC-1" in player.text()


@awaited
async def test_details_follow_their_session(stage: Stage) -> None:
    async with playing(stage, size=(100, 40)) as player:
        await player.press("enter")
        stage.set("api", "working", prompt="Pushed.")
        await player.until(lambda: "said: Pushed." in player.text())
        await player.until(lambda: "▸ working" in player.text() and "history · 6" in player.text())


@awaited
async def test_details_of_a_session_that_goes_say_so(stage: Stage) -> None:
    async with playing(stage, size=(100, 40)) as player:
        await player.press("enter")
        stage.say("DELETE api")
        await player.until(lambda: "it is gone" in player.text())
        await player.press("escape")
        assert "shop/api" not in player.names()


@awaited
async def test_what_a_session_says_is_neither_markup_nor_orders_to_the_terminal(
    stage: Stage,
) -> None:
    evil = "[bold red]x[/] [@click=app.quit]y[/] :smile: \x1b[2Jz\x07"
    stage.set("api", "question", prompt=evil, working_dir="/src/[red]d", note=evil)
    shown = r"[bold red]x[/] [@click=app.quit]y[/] :smile: \x1b[2Jz\x07"
    async with playing(stage, size=(200, 40)) as player:
        assert shown in player.text()
        assert "[red]d" in player.names()
        await player.press("enter", "3")
        assert player.text().count(shown) == 2


# Filter and order ----------------------------------------------------------------


@awaited
async def test_a_filter_is_applied_while_it_is_typed(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("slash", "a", "p", "i")
        assert player.names() == ["shop/api", "billing/api"]
        await player.press("backspace", "backspace", "backspace")
        assert player.names() == ORDER


@awaited
async def test_enter_keeps_the_filter_and_escape_then_drops_it(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("slash", "d", "o", "c", "s", "enter")
        assert player.names() == ["docs"]
        assert "/docs hides" in player.lines()[0]
        await player.press("escape")
        assert player.names() == ORDER


@awaited
async def test_letters_typed_into_the_filter_are_no_keys(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("slash", "x", "d", "q", "s", "question_mark", "slash")
        assert player.app.is_running
        assert stage.store.sessions["api"].status == "question"
        assert "no session matches /xdqs?/" in player.text()


@awaited
async def test_arrows_move_the_cursor_while_a_filter_is_typed(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("slash", "a", "p", "i", "down")
        assert player.chosen() == "billing/api"


@awaited
async def test_s_sorts_by_the_next_order_and_says_so(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("s", "s")
        assert player.names() == sorted(ORDER)
        assert "by name" in player.lines()[0]
        assert "sorted by name" in player.lines()[-1]


@awaited
async def test_enter_on_the_fold_shows_the_closed_ones(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("end", "enter")
        assert player.names()[-2:] == ["spike", "scratch"]
        await player.press("c")
        assert player.names() == ORDER


# Close and delete ----------------------------------------------------------------


@awaited
async def test_x_closes_and_says_so(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("x")
        assert "RM api" in stage.asked
        assert "shop/api is closed" in player.lines()[-1]
        assert player.names()[0] == "docs"


@awaited
async def test_a_message_goes_with_the_next_key(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("x", "j")
        assert "is closed" not in player.lines()[-1]
        assert "? help" in player.lines()[-1]


@awaited
async def test_d_asks_and_y_deletes(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("d")
        assert "Delete shop/api and its history?" in player.text()
        assert "DELETE api" not in stage.asked
        await player.press("y")
        assert "DELETE api" in stage.asked
        assert "api" not in stage.store.sessions


@pytest.mark.parametrize("key", ["n", "escape", "q"])
@awaited
async def test_d_asks_and_no_leaves_it(stage: Stage, key: str) -> None:
    async with playing(stage) as player:
        await player.press("d", key)
        assert "api" in stage.store.sessions
        assert "Delete" not in player.text()
        await player.press("j")  # the list has the keys again
        assert player.chosen() == "docs"


@pytest.mark.parametrize("key", ["x", "d", "j", "enter", "space", "r"])
@awaited
async def test_nothing_else_answers_a_question(stage: Stage, key: str) -> None:
    async with playing(stage) as player:
        await player.press("d", key)
        assert "Delete shop/api" in player.text()
        assert stage.store.sessions["api"].status == "question"
        await player.press("n")
        assert player.chosen() == "shop/api"


@awaited
async def test_what_is_asked_is_about_the_session_that_was_under_the_cursor(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("d")
        stage.set("api", "working")
        await player.until(lambda: player.chosen() == "docs")
        await player.press("y")
        assert "api" not in stage.store.sessions
        assert "docs" in stage.store.sessions


@awaited
async def test_a_refusal_is_told_in_words(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.press("d")
        stage.store.delete("api")  # and nobody was told
        await player.press("y")
        assert "session not found" in player.lines()[-1]


# Mouse, help, end ------------------------------------------------------------------


@awaited
async def test_a_click_moves_the_cursor_and_two_open_the_details(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.click("infra")
        assert player.chosen() == "infra"
        await player.click("infra", times=2)
        assert "history" in player.text()


@awaited
async def test_a_click_on_the_fold_opens_it(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.click("2 closed · c shows them")
        assert "spike" in player.names()


@awaited
async def test_a_click_on_a_key_is_that_key(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.click("s sort")
        assert "by last change" in player.lines()[0]


@pytest.mark.parametrize("key", ["question_mark", "f1"])
@awaited
async def test_help_tells_all_keys_and_signs(stage: Stage, key: str) -> None:
    async with playing(stage, size=(80, 30)) as player:
        await player.press(key)
        for word in ("jump to its terminal", "resurrect", "▲ question", "worked"):
            assert word in player.text()
        await player.press("escape")
        assert player.names() == ORDER


@awaited
async def test_q_ends_it(stage: Stage) -> None:
    async with playing(stage) as player:
        await player.pilot.press("q")
        assert player.app.return_code == 0


# Sizes -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (10, 3), (80, 24), (250, 60)])
@awaited
async def test_it_runs_in_a_window_of_any_size(stage: Stage, size: tuple[int, int]) -> None:
    async with playing(stage, size=size) as player:
        await player.press(
            "j", "enter", "1", "2", "3", "escape", "question_mark", "escape", "d", "n"
        )
        assert len(player.lines()) == size[1]


@awaited
async def test_a_low_window_gives_the_headings_line_to_a_session(stage: Stage) -> None:
    async with playing(stage, size=(80, 10)) as player:
        assert "asks or last said" not in player.text()
        await player.pilot.resize_terminal(80, 14)
        await player.until(lambda: "asks or last said" in player.text())


@awaited
async def test_a_window_that_grows_is_filled(stage: Stage) -> None:
    async with playing(stage, size=(40, 10)) as player:
        assert "Opus" not in player.text()
        await player.pilot.resize_terminal(180, 20)
        await player.until(lambda: "Opus" in player.text())


@awaited
async def test_the_cursor_is_always_in_sight(stage: Stage) -> None:
    for number in range(60):
        stage.set(f"many-{number:02}", "working", working_dir=f"/many/{number:02}")
    async with playing(stage, size=(80, 14)) as player:
        for _ in range(30):
            await player.pilot.press("j")
        await player.settle()
        assert str(player.chosen()) in player.text()
        await player.press("home")
        assert str(player.chosen()) in player.text()


@awaited
async def test_without_sessions_it_says_how_they_come(stage: Stage, tmp_path: Path) -> None:
    for session in list(stage.store.sessions):
        stage.store.delete(session)
    async with playing(stage, size=(60, 10)) as player:
        assert "no sessions" in player.lines()[0]
        assert "start claude" in player.text()
        await player.press("enter", "x", "d", "f", "r", "j", "k", "G")
        stage.set("first", "working")
        await player.until(lambda: player.names() == ["first"])


@awaited
async def test_nothing_runs_that_nobody_asked_for(stage: Stage) -> None:
    async with playing(stage) as player:
        assert isinstance(player.app, Dashboard)
        asked = [line.partition(" ")[0] for line in stage.asked]
        assert set(asked) == {"SUBSCRIBE", "HISTORY"}
        assert asked.count("HISTORY") == 7
