"""The effects of keys and the mouse, on the real program without a terminal."""

from __future__ import annotations

import pytest

from testing.dashboard.fake_daemon import FakeDaemon
from testing.dashboard.pilot import async_test, dashboard_of, running_dashboard
from testing.dashboard.scene import morning

pytestmark = pytest.mark.slow  # each runs the whole Textual program

ORDER = ["shop/api", "docs", "web-frontend", "infra", "billing/api"]


@pytest.fixture(autouse=True)
def scene(daemon: FakeDaemon) -> None:
    morning(daemon)


@async_test
async def test_sessions_that_need_the_user_are_at_the_top(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        assert pilot.names() == ORDER
        assert "▲ 2 need you · 3 working · 2 closed" in pilot.lines()[0]


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
@async_test
async def test_keys_move_the_cursor(daemon: FakeDaemon, keys: str, name: str) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press(*keys.split())
        assert pilot.selected() == name


@async_test
async def test_a_cursor_that_was_not_moved_stays_at_the_top(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        daemon.set("infra", "question")
        daemon.request("RM api")
        await pilot.until(lambda: pilot.names()[0] == "infra")
        assert pilot.selected() == "infra"


@async_test
async def test_a_cursor_that_was_moved_follows_its_session(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("j")
        daemon.set("infra", "question")
        await pilot.until(lambda: pilot.names()[1] == "infra")
        assert pilot.selected() == "docs"


@async_test
async def test_the_cursor_of_a_deleted_session_moves_to_the_next_one(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("j")
        daemon.request("DELETE docs")
        await pilot.until(lambda: "docs" not in pilot.names())
        assert pilot.selected() == "web-frontend"


@async_test
async def test_ages_grow_with_the_clock(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        assert "4m 12s" in pilot.text()
        daemon.advance(10)
        await pilot.until(lambda: "4m 22s" in pilot.text())


# Details -----------------------------------------------------------------------


@async_test
async def test_enter_opens_the_details_and_enter_goes_back(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon, size=(100, 40)) as pilot:
        await pilot.press("enter")
        screen = pilot.text()
        assert "▲ question for 4m 12s, because its hook reported it" in screen
        assert "question: Bash: git push --force-with-lease origin prices" in screen
        assert "61% of its context" in screen
        assert "tmux pane %4" in screen
        assert "after 21m 48s working" in screen
        await pilot.press("enter")
        assert pilot.names() == ORDER


@async_test
async def test_numbers_open_and_close_the_sections_of_the_details(daemon: FakeDaemon) -> None:
    daemon.set("api", "question", ticket="ABC-1")
    async with running_dashboard(daemon, size=(100, 50)) as pilot:
        await pilot.press("enter")
        assert "ABC-1" not in pilot.text()
        await pilot.press("3", "1")
        assert "ticket: ABC-1" in pilot.text()
        assert "after 21m 48s working" not in pilot.text()


@async_test
async def test_a_click_on_a_section_opens_it(daemon: FakeDaemon) -> None:
    daemon.set("api", "question", ticket="ABC-1")
    async with running_dashboard(daemon, size=(100, 50)) as pilot:
        await pilot.press("enter")
        await pilot.click("metadata")
        assert "ticket: ABC-1" in pilot.text()


@async_test
async def test_details_are_updated_with_their_session(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon, size=(100, 40)) as pilot:
        await pilot.press("enter")
        daemon.set("api", "working", prompt="Pushed.")
        await pilot.until(lambda: "message: Pushed." in pilot.text())
        await pilot.until(lambda: "▸ working" in pilot.text() and "history · 6" in pilot.text())


@async_test
async def test_details_of_a_deleted_session_show_that_it_is_gone(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon, size=(100, 40)) as pilot:
        await pilot.press("enter")
        daemon.request("DELETE api")
        await pilot.until(lambda: "it is gone" in pilot.text())
        await pilot.press("escape")
        assert "shop/api" not in pilot.names()


@async_test
async def test_text_of_a_session_is_neither_markup_nor_control_sequences(
    daemon: FakeDaemon,
) -> None:
    hostile = "[bold red]x[/] [@click=app.quit]y[/] :smile: \x1b[2Jz\x07"
    daemon.set("api", "question", prompt=hostile, working_dir="/src/[red]d", note=hostile)
    shown = r"[bold red]x[/] [@click=app.quit]y[/] :smile: \x1b[2Jz\x07"
    async with running_dashboard(daemon, size=(200, 40)) as pilot:
        assert shown in pilot.text()
        assert "[red]d" in pilot.names()
        await pilot.press("enter", "3")
        assert pilot.text().count(shown) == 2


# Filter and order ----------------------------------------------------------------


@async_test
async def test_a_filter_is_applied_while_it_is_typed(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("slash", "a", "p", "i")
        assert pilot.names() == ["shop/api", "billing/api"]
        await pilot.press("backspace", "backspace", "backspace")
        assert pilot.names() == ORDER


@async_test
async def test_enter_keeps_the_filter_and_escape_then_drops_it(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("slash", "d", "o", "c", "s", "enter")
        assert pilot.names() == ["docs"]
        assert "/docs hides" in pilot.lines()[0]
        await pilot.press("escape")
        assert pilot.names() == ORDER


@async_test
async def test_letters_typed_into_the_filter_run_no_actions(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("slash", "x", "d", "q", "s", "question_mark", "slash")
        assert pilot.app.is_running
        assert daemon.store.sessions["api"].status == "question"
        assert "no session matches /xdqs?/" in pilot.text()


@async_test
async def test_arrows_move_the_cursor_while_a_filter_is_typed(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("slash", "a", "p", "i", "down")
        assert pilot.selected() == "billing/api"


@async_test
async def test_s_sorts_by_the_next_order_and_shows_its_name(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("s", "s")
        assert pilot.names() == sorted(ORDER)
        assert "by name" in pilot.lines()[0]
        assert "sorted by name" in pilot.lines()[-1]


@async_test
async def test_enter_on_the_divider_shows_the_closed_sessions(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("end", "enter")
        assert pilot.names()[-2:] == ["spike", "scratch"]
        await pilot.press("c")
        assert pilot.names() == ORDER


# Close and delete ----------------------------------------------------------------


@async_test
async def test_x_closes_the_session_and_shows_a_message(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("x")
        assert "RM api" in daemon.requests
        assert "shop/api is closed" in pilot.lines()[-1]
        assert pilot.names()[0] == "docs"


@async_test
async def test_the_next_key_removes_a_message(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("x", "j")
        assert "is closed" not in pilot.lines()[-1]
        assert "? help" in pilot.lines()[-1]


@async_test
async def test_d_asks_and_y_deletes(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("d")
        assert "Delete shop/api and its history?" in pilot.text()
        assert "DELETE api" not in daemon.requests
        await pilot.press("y")
        assert "DELETE api" in daemon.requests
        assert "api" not in daemon.store.sessions


@pytest.mark.parametrize("key", ["n", "escape", "q"])
@async_test
async def test_d_asks_and_no_keeps_the_session(daemon: FakeDaemon, key: str) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("d", key)
        assert "api" in daemon.store.sessions
        assert "Delete" not in pilot.text()
        await pilot.press("j")  # the list has the focus again
        assert pilot.selected() == "docs"


@pytest.mark.parametrize("key", ["x", "d", "j", "enter", "space", "r"])
@async_test
async def test_no_other_key_answers_the_question(daemon: FakeDaemon, key: str) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("d", key)
        assert "Delete shop/api" in pilot.text()
        assert daemon.store.sessions["api"].status == "question"
        await pilot.press("n")
        assert pilot.selected() == "shop/api"


@async_test
async def test_the_question_is_about_the_session_that_was_under_the_cursor(
    daemon: FakeDaemon,
) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("d")
        daemon.set("api", "working")
        await pilot.until(lambda: pilot.selected() == "docs")
        await pilot.press("y")
        assert "api" not in daemon.store.sessions
        assert "docs" in daemon.store.sessions


@async_test
async def test_an_error_of_the_daemon_is_shown(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.press("d")
        daemon.store.delete("api")  # without a push
        await pilot.press("y")
        assert "session not found" in pilot.lines()[-1]


# Mouse, help, end ------------------------------------------------------------------


@async_test
async def test_a_click_moves_the_cursor_and_a_double_click_opens_the_details(
    daemon: FakeDaemon,
) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.click("infra")
        assert pilot.selected() == "infra"
        await pilot.click("infra", times=2)
        assert "history" in pilot.text()


@async_test
async def test_a_click_on_the_divider_shows_the_closed_sessions(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.click("2 closed · c shows them")
        assert "spike" in pilot.names()


@async_test
async def test_a_click_on_a_key_runs_its_action(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.click("s sort")
        assert "by last change" in pilot.lines()[0]


@pytest.mark.parametrize("key", ["question_mark", "f1"])
@async_test
async def test_help_lists_keys_and_symbols(daemon: FakeDaemon, key: str) -> None:
    async with running_dashboard(daemon, size=(80, 30)) as pilot:
        await pilot.press(key)
        for word in ("jump to its terminal", "resurrect", "▲ question", "worked"):
            assert word in pilot.text()
        await pilot.press("escape")
        assert pilot.names() == ORDER


@async_test
async def test_q_ends_it(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon) as pilot:
        await pilot.textual.press("q")
        assert pilot.app.return_code == 0


@async_test
async def test_a_redraw_without_a_screen_draws_nothing(daemon: FakeDaemon) -> None:
    dashboard_of(daemon).redraw()


# Sizes -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (10, 3), (80, 24), (250, 60)])
@async_test
async def test_it_runs_in_a_window_of_any_size(daemon: FakeDaemon, size: tuple[int, int]) -> None:
    async with running_dashboard(daemon, size=size) as pilot:
        await pilot.press(
            "j", "enter", "1", "2", "3", "escape", "question_mark", "escape", "d", "n"
        )
        assert len(pilot.lines()) == size[1]


@async_test
async def test_a_low_window_has_no_column_headings(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon, size=(80, 10)) as pilot:
        assert "question or last message" not in pilot.text()
        await pilot.textual.resize_terminal(80, 14)
        await pilot.until(lambda: "question or last message" in pilot.text())


@async_test
async def test_a_window_that_grows_is_filled(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon, size=(40, 10)) as pilot:
        assert "Opus" not in pilot.text()
        await pilot.textual.resize_terminal(180, 20)
        await pilot.until(lambda: "Opus" in pilot.text())


@async_test
async def test_the_list_scrolls_to_the_cursor(daemon: FakeDaemon) -> None:
    for number in range(60):
        daemon.set(f"many-{number:02}", "working", working_dir=f"/many/{number:02}")
    async with running_dashboard(daemon, size=(80, 14)) as pilot:
        for _ in range(30):
            await pilot.textual.press("j")
        await pilot.settle()
        assert str(pilot.selected()) in pilot.text()
        await pilot.press("home")
        assert str(pilot.selected()) in pilot.text()


@async_test
async def test_without_sessions_it_shows_how_to_start_one(daemon: FakeDaemon) -> None:
    for session in list(daemon.store.sessions):
        daemon.store.delete(session)
    async with running_dashboard(daemon, size=(60, 10)) as pilot:
        assert "no sessions" in pilot.lines()[0]
        assert "start claude" in pilot.text()
        await pilot.press("enter", "x", "d", "f", "r", "j", "k", "G")
        daemon.set("first", "working")
        await pilot.until(lambda: pilot.names() == ["first"])


@async_test
async def test_without_keys_it_only_subscribes_and_requests_histories(daemon: FakeDaemon) -> None:
    async with running_dashboard(daemon):
        verbs = [line.partition(" ")[0] for line in daemon.requests]
        assert set(verbs) == {"SUBSCRIBE", "HISTORY"}
        assert verbs.count("HISTORY") == 7
