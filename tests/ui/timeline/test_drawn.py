"""A timeline as it is drawn, in characters and as SVG."""

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
    """Times of day are the machine's: here, UTC. BEGIN is 14:13:20 there."""
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


def test_it_is_a_line_for_each_with_its_totals_and_a_sum() -> None:
    assert terminal.draw(make_chart(API, WEB), 56, plain).split("\n") == [
        "     14:15    14:30    14:45    15:00     waited  worked",
        "api  ▂▂▂▂▂▂▂▂▂▂▂██████▂▂▂▂▂▂▅▅▅▅▅▅▅▅▅▅▅▅  30m 0s  30m 0s",
        "web  ▂▂▂▂▂▂▅▅▅                             5m 0s  10m 0s",
        "",
        "▂ working  ▅ attention  █ question",
        "waited for you: 35m 0s  worked: 40m 0s",
    ]


@pytest.mark.parametrize("columns", [*range(1, 41), 80, 200])
def test_no_line_is_longer_than_there_is_room(columns: int) -> None:
    wide = ("日本語のとても長いディレクトリ名です", 3.0, [(20.0, "question")])
    for line in terminal.draw(make_chart(API, WEB, wide, depth=1), columns, plain).split("\n"):
        assert width(line) <= columns


def test_where_it_is_narrow_each_block_is_told_in_a_line_of_its_own() -> None:
    shown = terminal.draw(make_chart(API), 33, plain)
    assert "\n▂ working\n▅ attention\n█ question\n" in shown
    assert "\n▂ wor…\n▅ att…\n█ que…\n" in terminal.draw(make_chart(API), 6, plain)


def test_where_it_is_narrow_the_totals_give_way() -> None:
    assert "worked" in terminal.draw(make_chart(API), 40, plain).split("\n")[0]
    narrow = terminal.draw(make_chart(API), 26, plain).split("\n")[0]
    assert "waited" in narrow
    assert "worked" not in narrow
    assert "waited" not in terminal.draw(make_chart(API), 20, plain).split("\n")[0]


def test_every_run_of_a_status_is_painted_as_one() -> None:
    painted: list[str] = []

    def paint(text: str, status: str) -> str:
        painted.append(status)
        return text

    terminal.draw(make_chart(API), 60, paint)
    assert painted[:4] == ["working", "question", "working", "attention"]


def test_what_is_not_remembered_is_told() -> None:
    late = ("late", 5.0, [(20.0, "question")])
    told = terminal.draw(make_chart(late, API, depth=1), 80, plain).split("\n")[-1]
    assert told == "older changes are missing: late"


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
def test_the_axis_has_round_times_as_many_as_fit(
    minutes: float, most: int, texts: list[str]
) -> None:
    assert [text for _, text in ticks(BEGIN, BEGIN + minutes * MINUTE, most)] == texts


@given(st.floats(60, 3.2e7), st.integers(1, 40))
def test_marks_lie_within_the_span_and_are_never_too_many(seconds: float, most: int) -> None:
    found = ticks(BEGIN, BEGIN + seconds, most)
    assert len(found) <= most
    assert all(BEGIN < at < BEGIN + seconds for at, _ in found)


def test_the_picture_is_svg_with_a_block_for_each_stretch_that_tells_what_it_is() -> None:
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


def test_the_picture_of_nothing_is_still_a_picture() -> None:
    assert ElementTree.fromstring(svg.draw(make_chart())).tag == f"{SVG}svg"


def test_the_picture_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    text = svg.draw(make_chart(API))
    assert text.count("http") == 1  # the name of its language
    assert "<script" not in text


@given(st.text(max_size=40))
def test_no_name_breaks_the_picture_or_adds_to_it(name: str) -> None:
    usual = ElementTree.fromstring(svg.draw(make_chart(("x", 0.0, []))))
    root = ElementTree.fromstring(svg.draw(make_chart((name, 0.0, []))))
    assert [each.tag for each in root.iter()] == [each.tag for each in usual.iter()]
