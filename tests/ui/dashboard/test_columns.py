"""The columns that fit on a line, and the exact width of the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.sessions.status import STATUSES
from acd.text import SYMBOLS, width
from acd.ui.dashboard.columns import fit, heading, line_pieces
from acd.ui.dashboard.model import ClosedDivider
from acd.ui.dashboard.session_row import SessionRow
from acd.ui.timeline.terminal import BLOCKS
from testing.dashboard.models import model_of, text_of
from testing.dashboard.wire import NOW, later, session, state, update

SIZES = [10, 20, 30, 38, 60, 78, 100, 140, 200, 300]


def rows(*sessions: dict[str, object]) -> list[SessionRow]:
    return list(model_of(state(*sessions)).rows.values())


FULL = session(
    "x",
    "question",
    waited=65,
    working_dir="/home/dev/src/shop/api",
    prompt="Bash: git push --force-with-lease origin prices, and then some more",
    api_usage={"model": "Opus 5.5", "context_used_percentage": 61},
)


@pytest.mark.parametrize("room", SIZES)
def test_a_line_is_exactly_as_wide_as_its_room(room: int) -> None:
    found = rows(FULL, session("y"))
    columns = fit(found, room)
    for row in found:
        assert width(text_of(line_pieces(row, columns, room, NOW))) == room
    for divider in (ClosedDivider(3, False), ClosedDivider(12345, True)):
        assert width(text_of(line_pieces(divider, columns, room, NOW))) == room


@given(
    st.text(max_size=40),
    st.text(max_size=300),
    st.text(max_size=80),
    st.integers(8, 250),
    st.sampled_from(list(STATUSES)),
)
def test_a_line_is_exactly_as_wide_as_its_room_whatever_its_text(
    name: str, prompt: str, path: str, room: int, status: str
) -> None:
    found = rows(session("x", status, display_name=name, prompt=prompt, working_dir=path))
    assert width(text_of(line_pieces(found[0], fit(found, room), room, NOW))) == room


def test_a_status_has_a_symbol_a_word_and_a_colour() -> None:
    for status in STATUSES.values():
        [row] = rows(session("x", status))
        (first, role), *_ = line_pieces(row, fit([row], 80), 80, NOW)
        assert first.startswith(f"{SYMBOLS[status]} {status}")
        assert role == status


def test_the_blocks_of_a_timeline_differ_in_height_not_only_in_colour() -> None:
    assert len({BLOCKS["question"], BLOCKS["attention"], BLOCKS["working"], " "}) == 4


def test_the_text_of_an_earlier_status_is_dim() -> None:
    model = model_of(state(FULL))
    model.apply(update("x", "working", later(5)), later(5))
    [row] = model.rows.values()
    roles = {
        role for part, role in line_pieces(row, fit([row], 100), 100, later(5)) if "Bash" in part
    }
    assert roles == {"dim"}


@pytest.mark.parametrize(("room", "times"), [(78, 1), (140, 1)])
def test_a_row_without_a_text_shows_its_directory_once(room: int, times: int) -> None:
    _, quiet = found = rows(FULL, session("y", working_dir="/home/dev/src/web"))
    line = text_of(line_pieces(quiet, fit(found, room), room, NOW))
    assert line.count("~/src/web") == times


def test_the_divider_names_the_key_that_shows_or_hides_the_closed_sessions() -> None:
    assert "c shows them" in text_of(line_pieces(ClosedDivider(3, False), fit([], 40), 40, NOW))
    assert "c hides them" in text_of(line_pieces(ClosedDivider(3, True), fit([], 40), 40, NOW))


def test_forty_columns_have_status_name_and_age() -> None:
    found = rows(FULL)
    line = text_of(line_pieces(found[0], fit(found, 38), 38, NOW))
    assert line.split() == ["▲", "question", "api", "1m", "5s"]


def test_eighty_columns_have_text_and_timeline_too() -> None:
    columns = fit(rows(FULL), 78)
    assert columns.text >= 16
    assert columns.timeline >= 12
    assert columns.directory == 0


def test_a_wide_terminal_has_all_columns() -> None:
    found = rows(FULL)
    line = text_of(line_pieces(found[0], fit(found, 200), 200, NOW))
    for part in ("question", "api", "1m 5s", "then some more", "~/src/shop/api", "Opus 5.5", "61%"):
        assert part in line


@given(st.integers(20, 250))
def test_columns_fit_into_their_room(room: int) -> None:
    columns = fit(rows(FULL), room)
    fixed = len("▲ attention") + len("59m 59s") + 4
    used = fixed + sum(columns) + 2 * sum(1 for size in columns[1:] if size)
    assert used <= max(room, fixed + 10)


@pytest.mark.parametrize("room", [size for size in SIZES if size >= 38])
def test_the_heading_stands_above_its_columns(room: int) -> None:
    found = rows(FULL)
    columns = fit(found, room)
    line, above = text_of(line_pieces(found[0], columns, room, NOW)), heading(columns)
    assert above.index("name") == line.index("api")
    if columns.text:
        assert above.index("question") == line.index("Bash")
    if columns.directory:
        assert above.index("directory") == line.index(line[above.index("directory")])


def test_a_closed_session_is_dim() -> None:
    [row] = rows(session("x", "closed", prompt="done"))
    roles = {role for _, role in line_pieces(row, fit([row], 100), 100, NOW)}
    assert roles <= {"closed", "dim", "plain", "no bar"}
