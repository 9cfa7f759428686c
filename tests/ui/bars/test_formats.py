"""The exact output of each format for given sessions."""

from __future__ import annotations

import json

import pytest

from acd.ui.bars.content import BarContent
from acd.ui.bars.formats import COLOURS, FORMATS, changes_with_time, render
from acd.ui.bars.template import Template
from testing.bar_sessions import API, DOCS, GONE, NOW, OLD, SOME, WEB, content

RED, YELLOW, GREEN = (COLOURS[status] for status in ("question", "attention", "working"))

LINES = [
    ("plain", SOME, "▲2 ●1 ▸1"),
    ("plain", (WEB,), "▸1"),
    ("plain", (), ""),
    ("plain", (GONE,), ""),
    ("starship", SOME, "▲2 ●1 ▸1"),
    ("zellij", SOME, "▲2 ●1 ▸1"),
    (
        "tmux",
        SOME,
        "#[bold,reverse]▲2#[default] #[bold]●1#[default] ▸1",
    ),
    ("tmux", (), ""),
    ("polybar", SOME, f"%{{F{RED}}}▲2%{{F-}} %{{F{YELLOW}}}●1%{{F-}} %{{F{GREEN}}}▸1%{{F-}}"),
    ("polybar", (), ""),
    ("i3blocks", SOME, f"▲2 ●1 ▸1\n▲2\n{RED}"),
    ("i3blocks", (DOCS, WEB), f"●1 ▸1\n●1\n{YELLOW}"),
    ("i3blocks", (), ""),
]


@pytest.mark.parametrize(("name", "sessions", "shown"), LINES)
def test_each_bar_gets_the_text_in_its_own_syntax(
    name: str, sessions: tuple[dict[str, object], ...], shown: str
) -> None:
    assert render(name, content(*sessions)) == shown


def test_waybar_gets_a_text_a_class_and_a_tooltip_with_a_line_for_each_session() -> None:
    assert json.loads(render("waybar", content(*SOME))) == {
        "text": "▲2 ●1 ▸1",
        "alt": "question",
        "class": "question",
        "tooltip": (
            "▲ old 2h 10m\n▲ api 3m: Bash: rm -rf build\n● docs 1m: The page is ready.\n▸ web"
        ),
    }


def test_waybar_without_sessions_gets_an_empty_text_which_hides_the_module() -> None:
    assert json.loads(render("waybar", content())) == {
        "text": "",
        "alt": "none",
        "class": "none",
        "tooltip": "no open sessions",
    }


def test_i3blocks_gets_blocks_of_the_i3bar_protocol_as_a_stream() -> None:
    assert json.loads(render("i3blocks", content(*SOME), stream=True)) == {
        "full_text": "▲2 ●1 ▸1",
        "short_text": "▲2",
        "color": RED,
        "urgent": True,
        "markup": "none",
    }
    assert json.loads(render("i3blocks", content(), stream=True)) == {
        "full_text": "",
        "short_text": "",
        "urgent": False,
        "markup": "none",
    }


def test_swiftbar_gets_a_menu_with_an_entry_for_each_session() -> None:
    magic = "emojize=false symbolize=false"
    assert render("swiftbar", content(API, WEB)).split("\n") == [
        f"▲1 ▸1 | {magic}",
        "---",
        f"▲ api 3m: Bash: rm -rf build | {magic} color={RED} length=80",
        f"▸ web | {magic} color={GREEN} length=80",
        "---",
        "Dashboard | bash=acd param1=dashboard terminal=true",
    ]


@pytest.mark.parametrize(
    ("program", "called"),
    [
        ("/home/me/.local/bin/acd", "/home/me/.local/bin/acd"),
        ("/my home/acd", "acd"),
        ("x|y", "acd"),
    ],
)
def test_swiftbar_runs_acd_by_the_path_by_which_it_was_run_if_that_is_safe(
    program: str, called: str
) -> None:
    last = render("swiftbar", BarContent([], NOW, program)).split("\n")[-1]
    assert last == f"Dashboard | bash={called} param1=dashboard terminal=true"


HERE = {"terminal": {"TMUX_PANE": "%1"}}


@pytest.mark.parametrize(("name", "run"), [("swiftbar", "bash"), ("xbar", "shell")])
def test_a_click_on_an_entry_jumps_to_its_terminal(name: str, run: str) -> None:
    bar = BarContent([API | HERE, WEB], NOW, "/home/me/.local/bin/acd")
    asks, works = render(name, bar).split("\n")[2:4]
    assert f" {run}=/home/me/.local/bin/acd param1=jump param2=id-api terminal=false " in asks
    assert "jump" not in works


@pytest.mark.parametrize(
    "facts",
    [
        {"host": "far"},
        *({"id": each} for each in ("-x", "$(id)", "a|b", "a;b", "it's", 'a"b', "a`b", "\u00fc")),
    ],
)
def test_an_entry_that_is_not_safe_to_click_on_has_no_action(facts: dict[str, str]) -> None:
    entry = render("swiftbar", content(API | HERE | facts)).split("\n")[2]
    assert "terminal=" not in entry


def test_swiftbar_without_sessions_has_a_symbol_to_click_on() -> None:
    first, _, third, *_ = render("swiftbar", content()).split("\n")
    assert (first[0], third) == ("·", "no open sessions")


def test_a_stream_begins_swiftbars_menu_anew_each_time() -> None:
    once, again = (render("swiftbar", content(API), stream=stream) for stream in (False, True))
    assert again == f"~~~\n{once}"


@pytest.mark.parametrize("name", FORMATS)
def test_a_template_replaces_the_text_and_nothing_else(name: str) -> None:
    bar = content(*SOME)
    assert render(name, bar, Template("{summary}")) == render(name, bar)


def test_only_output_with_ages_changes_with_time() -> None:
    assert [name for name in FORMATS if changes_with_time(name, None)] == [
        "waybar",
        "swiftbar",
        "xbar",
    ]
    assert changes_with_time("tmux", Template("{name} {age}"))
    assert not changes_with_time("tmux", Template("{name}"))


@pytest.mark.parametrize(
    ("sessions", "seconds"),
    [((API,), 55), ((API, WEB), 1), ((OLD, DOCS), 55), ((), None), ((GONE,), None)],
)
def test_the_content_ages_when_any_session_reaches_its_next_minute(
    sessions: tuple[dict[str, object], ...], seconds: float | None
) -> None:
    assert content(*sessions).until_older() == seconds


def test_a_session_from_the_future_has_no_age() -> None:
    bar = content(API, later=-1000)
    assert bar.age(API) == ""
    assert bar.until_older() == 60
