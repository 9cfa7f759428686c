"""A timeline drawn in characters and as SVG."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.text import width
from acd.ui.timeline import svg, terminal
from acd.ui.timeline.axis import ticks
from testing.timeline_sessions import API, BEGIN, MINUTE, WEB, make_chart

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def _utc() -> Iterator[None]:
    """The local time zone is UTC, in which BEGIN is 14:13:20."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def plain(text: str, status: str) -> str:
    return text


def test_each_session_has_a_line_with_its_totals_and_the_sums_follow() -> None:
    assert terminal.draw(make_chart(API, WEB), 56, plain).split("\n") == [
        "     14:15    14:30    14:45    15:00     waited  worked",
        "api  ▂▂▂▂▂▂▂▂▂▂▂██████▂▂▂▂▂▂▅▅▅▅▅▅▅▅▅▅▅▅  30m 0s  30m 0s",
        "web  ▂▂▂▂▂▂▅▅▅                             5m 0s  10m 0s",
        "",
        "▂ working  ▅ attention  █ question",
        "waited for you: 35m 0s  worked: 40m 0s",
    ]


@pytest.mark.parametrize("columns", [*range(1, 41), 80, 200])
def test_no_line_is_wider_than_the_columns(columns: int) -> None:
    wide = ("日本語のとても長いディレクトリ名です", 3.0, [(20.0, "question")])
    for line in terminal.draw(make_chart(API, WEB, wide, depth=1), columns, plain).split("\n"):
        assert width(line) <= columns


def test_in_few_columns_the_legend_has_a_line_for_each_status() -> None:
    shown = terminal.draw(make_chart(API), 33, plain)
    assert "\n▂ working\n▅ attention\n█ question\n" in shown
    assert "\n▂ wor…\n▅ att…\n█ que…\n" in terminal.draw(make_chart(API), 6, plain)


def test_in_few_columns_the_totals_are_left_out() -> None:
    assert "worked" in terminal.draw(make_chart(API), 40, plain).split("\n")[0]
    narrow = terminal.draw(make_chart(API), 26, plain).split("\n")[0]
    assert "waited" in narrow
    assert "worked" not in narrow
    assert "waited" not in terminal.draw(make_chart(API), 20, plain).split("\n")[0]


def test_adjacent_cells_of_a_status_are_painted_at_once() -> None:
    painted: list[str] = []

    def paint(text: str, status: str) -> str:
        painted.append(status)
        return text

    terminal.draw(make_chart(API), 60, paint)
    assert painted[:4] == ["working", "question", "working", "attention"]


def test_sessions_with_missing_changes_are_named() -> None:
    late = ("late", 5.0, [(20.0, "question")])
    note = terminal.draw(make_chart(late, API, depth=1), 80, plain).split("\n")[-1]
    assert note == "older changes are missing: late"


@pytest.mark.parametrize(
    ("minutes", "most", "texts"),
    [
        (60, 4, ["14:15", "14:30", "14:45", "15:00"]),
        (60, 2, ["14:30", "15:00"]),
        (480, 5, ["16:00", "18:00", "20:00", "22:00"]),
        (3 * 1440, 4, ["Sep 22", "Sep 23", "Sep 24"]),
        (5, 1, ["14:15"]),
    ],
)
def test_the_ticks_are_round_times_as_many_as_fit(
    minutes: float, most: int, texts: list[str]
) -> None:
    assert [text for _, text in ticks(BEGIN, BEGIN + minutes * MINUTE, most)] == texts


@given(st.floats(60, 3.2e7), st.integers(1, 40))
def test_ticks_lie_within_the_span_and_within_the_limit(seconds: float, most: int) -> None:
    found = ticks(BEGIN, BEGIN + seconds, most)
    assert len(found) <= most
    assert all(BEGIN < at < BEGIN + seconds for at, _ in found)


def test_the_picture_is_svg_with_a_block_and_a_tooltip_for_each_interval() -> None:
    root = ElementTree.fromstring(svg.draw(make_chart(API, WEB)))
    assert root.tag == f"{SVG}svg"
    blocks = [rect for rect in root.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    assert [rect.get("class") for rect in blocks] == [
        *("working", "question", "working", "attention"),
        *("working", "attention"),
    ]
    title = blocks[1].find(f"{SVG}title")
    assert title is not None
    assert title.text == "question 14:33:20 to 14:43:20 (10m 0s)"
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert texts[0] == "waited for you: 35m 0sworked: 40m 0s"
    assert {"api", "web", "30m 0s"} <= set(texts)


def test_a_chart_without_rows_is_a_valid_picture() -> None:
    assert ElementTree.fromstring(svg.draw(make_chart())).tag == f"{SVG}svg"


def test_the_picture_loads_nothing_and_has_no_script() -> None:
    text = svg.draw(make_chart(API))
    assert text.count("http") == 1  # the XML namespace
    assert "<script" not in text


@given(st.text(max_size=40))
def test_no_name_changes_the_elements_of_the_picture(name: str) -> None:
    usual = ElementTree.fromstring(svg.draw(make_chart(("x", 0.0, []))))
    root = ElementTree.fromstring(svg.draw(make_chart((name, 0.0, []))))
    assert [each.tag for each in root.iter()] == [each.tag for each in usual.iter()]
