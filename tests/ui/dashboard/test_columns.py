"""Lines of text: what fits on them, and that it fits exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.sessions.status import STATUSES
from acd.text import SYMBOLS, width
from acd.ui.dashboard.bars import Key, chosen, counts, header, keys, trouble
from acd.ui.dashboard.columns import BLOCKS, Piece, fit, heading, pieces
from acd.ui.dashboard.details import wrapped
from acd.ui.dashboard.model import ClosedDivider, Model, View
from acd.ui.dashboard.rows import Row
from testing.dashboard.wire import NOW, later, session, state, update

SIZES = [10, 20, 30, 38, 60, 78, 100, 140, 200, 300]


def rows(*sessions: dict[str, object]) -> list[Row]:
    model = Model("/home/dev")
    model.apply(state(*sessions), NOW)
    model.view()
    return list(model.rows.values())


def text(line: list[Piece]) -> str:
    return "".join(part for part, _ in line)


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
        assert width(text(pieces(row, columns, room, NOW))) == room
    for fold in (ClosedDivider(3, False), ClosedDivider(12345, True)):
        assert width(text(pieces(fold, columns, room, NOW))) == room


@given(
    st.text(max_size=40),
    st.text(max_size=300),
    st.text(max_size=80),
    st.integers(8, 250),
    st.sampled_from(list(STATUSES)),
)
def test_whatever_a_session_says_its_line_is_exactly_as_wide_as_its_room(
    name: str, prompt: str, path: str, room: int, status: str
) -> None:
    found = rows(session("x", status, display_name=name, prompt=prompt, working_dir=path))
    assert width(text(pieces(found[0], fit(found, room), room, NOW))) == room


def test_status_is_told_by_symbol_word_and_colour() -> None:
    for status in STATUSES.values():
        [row] = rows(session("x", status))
        (first, role), *_ = pieces(row, fit([row], 80), 80, NOW)
        assert first.startswith(f"{SYMBOLS[status]} {status}")
        assert role == status


def test_the_blocks_of_a_timeline_differ_in_height_not_only_in_colour() -> None:
    assert len({BLOCKS["question"], BLOCKS["attention"], BLOCKS["working"], BLOCKS[None]}) == 4


def test_what_a_row_said_before_it_went_on_is_dim() -> None:
    model = Model("/home/dev")
    model.apply(state(FULL), NOW)
    model.apply(update("x", "working", later(5)), later(5))
    [row] = model.rows.values()
    roles = {role for part, role in pieces(row, fit([row], 100), 100, later(5)) if "Bash" in part}
    assert roles == {"dim"}


@pytest.mark.parametrize(("room", "times"), [(78, 1), (140, 1)])
def test_a_row_with_nothing_to_say_tells_its_directory_once(room: int, times: int) -> None:
    _, quiet = found = rows(FULL, session("y", working_dir="/home/dev/src/web"))
    line = text(pieces(quiet, fit(found, room), room, NOW))
    assert line.count("~/src/web") == times


def test_a_fold_tells_the_key_that_opens_it_from_everywhere() -> None:
    assert "c shows them" in text(pieces(ClosedDivider(3, False), fit([], 40), 40, NOW))
    assert "c hides them" in text(pieces(ClosedDivider(3, True), fit([], 40), 40, NOW))


def test_forty_columns_have_status_name_and_age() -> None:
    found = rows(FULL)
    line = text(pieces(found[0], fit(found, 38), 38, NOW))
    assert line.split() == ["▲", "question", "api", "1m", "5s"]


def test_eighty_columns_have_the_text_and_the_timeline_too() -> None:
    columns = fit(rows(FULL), 78)
    assert columns.text >= 16
    assert columns.timeline >= 12
    assert columns.directory == 0


def test_a_wide_terminal_has_everything() -> None:
    found = rows(FULL)
    line = text(pieces(found[0], fit(found, 200), 200, NOW))
    for part in ("question", "api", "1m 5s", "then some more", "~/src/shop/api", "Opus 5.5", "61%"):
        assert part in line


@given(st.integers(20, 250))
def test_columns_never_ask_for_more_than_there_is(room: int) -> None:
    columns = fit(rows(FULL), room)
    fixed = len("▲ attention") + len("59m 59s") + 4
    used = fixed + sum(columns) + 2 * sum(1 for size in columns[1:] if size)
    assert used <= max(room, fixed + 10)


@pytest.mark.parametrize("room", [size for size in SIZES if size >= 38])
def test_the_heading_stands_above_its_columns(room: int) -> None:
    found = rows(FULL)
    columns = fit(found, room)
    line, above = text(pieces(found[0], columns, room, NOW)), heading(columns)
    assert above.index("name") == line.index("api")
    if columns.text:
        assert above.index("asks") == line.index("Bash")
    if columns.directory:
        assert above.index("directory") == line.index(line[above.index("directory")])


def test_a_closed_session_is_dim() -> None:
    [row] = rows(session("x", "closed", prompt="done"))
    roles = {role for _, role in pieces(row, fit([row], 100), 100, NOW)}
    assert roles <= {"closed", "dim", "plain", "no bar"}


# Bars --------------------------------------------------------------------------


def view(**how_many: int) -> View:
    return View([], {status: how_many.get(status, 0) for status in STATUSES.values()}, 0)


@pytest.mark.parametrize(
    ("how_many", "said"),
    [
        ({}, "no sessions"),
        ({"working": 2}, "nobody needs you · 2 working"),
        ({"question": 1, "attention": 1, "working": 3}, "▲ 2 need you · 3 working"),
        ({"attention": 1, "closed": 4}, "● 1 needs you · 4 closed"),
    ],
)
def test_the_header_counts(how_many: dict[str, int], said: str) -> None:
    assert text(counts(view(**how_many), is_complete=True)) == said


def test_before_the_first_picture_nothing_is_counted() -> None:
    assert text(counts(view(), is_complete=False)) == "acd"


def test_the_header_says_what_is_filtered_and_sorted_if_it_is_not_the_usual() -> None:
    hiding = view(working=5)._replace(hidden=3)
    assert text(chosen(hiding, "need", "")) == ""
    assert text(chosen(hiding, "name", "api")) == "/api hides 3  by name"


def test_where_the_header_is_too_narrow_the_filter_stays() -> None:
    left = counts(view(question=2, working=3, closed=2), is_complete=True)
    line = text(header(left, chosen(view(), "need", "api"), 24))
    assert "2 need you" in line
    assert "/api" in line
    assert "closed" not in line


def test_as_many_keys_are_shown_as_fit_and_help_always() -> None:
    offered = [Key("Enter", "details", "a"), Key("f", "jump", "b"), Key("?", "help", "c")]
    said, places = keys(offered, 24)
    assert text(said) == "Enter details  ? help"
    assert [action for _, _, action in places] == ["a", "c"]


def test_keys_are_where_a_click_finds_them() -> None:
    said, places = keys([Key("f", "jump", "a"), Key("?", "help", "b")], 80)
    line = text(said)
    assert [line[start:end] for start, end, _ in places] == ["f jump", "? help"]


def test_trouble_tells_why_and_of_when_the_picture_is() -> None:
    line = text(trouble("it\x1b[2J", is_complete=True, was_live_at="12:00:00", room=80))
    assert line == r"it\x1b[2J: connecting again…  (as it was at 12:00:00)"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])), st.integers(2, 60))
def test_wrapped_lines_fit_and_lose_no_word(words: str, room: int) -> None:
    lines = wrapped(words, room)
    assert all(width(line) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
