"""Foreign text (names, prompts) never becomes markup, an action or a line of a bar."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acd.ui.bars.formats import FORMATS, render
from acd.ui.bars.template import Template
from testing.bar_sessions import content, session

# Text with a meaning in some bar or terminal.
SPECIAL = [
    *("#", "[", "]", "{", "}", "(", ")", "%", "|", "&", "<", ">", '"', "'", "\\", "`", "$", ":"),
    *(
        "\n",
        "\r",
        "\0",
        "\x1b",
        "\x7f",
        "\x9b",
        "\u202e",
        "\u2028",
        "-",
        "~",
        "\ud800",
        "ä",
        "\U0001f600",
    ),
    *("#(id)", "#[fg=red]", "%{A1:id:}", "<b>", "&amp;", "---", "~~~", "| bash=id", "\x1b[2J"),
]
texts = st.lists(st.sampled_from(SPECIAL) | st.text(max_size=5), max_size=12).map("".join)
TEMPLATE = Template("{name} {text}")


def shown(bar: str, name: str, text: str, *, stream: bool = False) -> str:
    asks = session("x", "question", seconds=200, prompt=text) | {"display_name": name}
    return render(bar, content(asks), TEMPLATE, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("bar", FORMATS)
@given(name=texts, text=texts)
def test_no_foreign_text_adds_a_control_character_or_a_line(
    bar: str, stream: bool, name: str, text: str
) -> None:
    lines = shown(bar, name, text, stream=stream).split("\n")
    assert all(line.replace("\u200c", "").replace("\u200d", "").isprintable() for line in lines)
    assert len(lines) == len(shown(bar, "x", "y", stream=stream).split("\n"))


@given(name=texts, text=texts)
@example(name="#(touch /tmp/x)", text="##(id)")
def test_tmux_gets_no_hash_of_foreign_text(name: str, text: str) -> None:
    assert "#" not in shown("tmux", name, text)


@given(name=texts, text=texts)
@example(name="%", text="{A1:id:}x")
def test_polybar_gets_no_tag_of_foreign_text(name: str, text: str) -> None:
    assert "%" not in shown("polybar", name, text)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(name=texts, text=texts)
def test_waybar_gets_pango_text_without_an_element(name: str, text: str) -> None:
    fields = json.loads(shown("waybar", name, text))
    for value in (fields["text"], fields["tooltip"]):
        parser = _Tags()
        parser.feed(value)
        assert parser.tags == []
        assert not set("&<>") & set(re.sub(r"&(amp|lt|gt|quot);", "", value))


@given(name=texts, text=texts)
def test_swiftbar_gets_no_parameter_of_foreign_text(name: str, text: str) -> None:
    lines = shown("swiftbar", name, text).split("\n")
    assert [line for line in lines if "--" in line] == ["---", "---"]
    assert lines[0].count("|") == 1
    for line in lines[2:-2]:
        entry, _, parameters = line.partition(" | ")
        assert "|" not in entry + parameters
        assert entry.startswith("▲ ")
        assert parameters.startswith("emojize=false symbolize=false color=#")
