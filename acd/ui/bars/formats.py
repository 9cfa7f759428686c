"""The output formats of the status bars: syntax, colours, and how foreign text is escaped.

Each format follows the documentation named at it. Text of a session (its name, its message) is
never taken for markup, an action or another line. What cannot be escaped reliably is replaced by
a character that looks alike: how often a bar expands a text depends on its version and on its
configuration.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from acd.sessions.status import ATTENTION, QUESTION, WORKING, Status
from acd.text import SYMBOLS
from acd.ui.bars.content import SHOWN, BarContent, can_be_clicked

if TYPE_CHECKING:
    from acd.ui.bars.template import Template

COLOURS: Final[Mapping[str, str]] = {
    QUESTION: "#e5534b",
    ATTENTION: "#d4a72c",
    WORKING: "#57ab5a",
}
"""For bars without colours of their own; legible on dark and on light."""

Escape = Callable[[str], str]
"""Escapes foreign text, one printable line, so that the bar shows it literally."""


class BarFormat(NamedTuple):
    """The format of one bar."""

    description: str
    escape: Escape
    paint: Callable[[str, Status], str]
    """Our own text in the colour of a status, where the bar has colours."""
    whole: Callable[[BarContent, str, Escape], str]
    """The whole output, with the text that the bar shows."""
    update: Callable[[BarContent, str, Escape], str]
    """The same for a bar that reads a stream of updates."""
    shows_ages: bool = False
    """Whether `whole` contains ages of sessions."""


def _unescaped(text: str) -> str:
    return text


def _replaced(character: str, by: str) -> Escape:
    return lambda text: text.replace(character, by)


def _unpainted(text: str, status: Status) -> str:
    return text


def _text_alone(content: BarContent, text: str, escape: Escape) -> str:
    return text


# tmux(1), FORMATS and STYLES. tmux expands what `#(…)` prints (measured, 3.3a): a directory named
# `#(…)` would be a command, so no `#` of foreign text gets there.
# No colours: a status line's own background is green by default, and users have any.
_TMUX_STYLES: Final[Mapping[Status, str]] = {QUESTION: "bold,reverse", ATTENTION: "bold"}


def _tmux_paint(text: str, status: Status) -> str:
    style = _TMUX_STYLES.get(status)
    return f"#[{style}]{text}#[default]" if style else text


# waybar-custom(5), return-type json; text and tooltip are Pango markup.
def _pango(text: str) -> str:
    for character, entity in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot")):
        text = text.replace(character, f"&{entity};")
    return text


def _waybar(content: BarContent, text: str, escape: Escape) -> str:
    lines = [escape(content.line(each)) for each in content.sessions]
    fields = {
        "text": text,
        "alt": content.status,
        "class": content.status,
        "tooltip": "\n".join(lines) or "no open sessions",
    }
    # json.dumps leaves DEL as it is, and some parsers reject it.
    return json.dumps(fields).replace("\x7f", "\\u007f")


# polybar's wiki, Formatting: %{…} are tags, and %{A…} runs programs.
def _polybar_paint(text: str, status: Status) -> str:
    return f"%{{F{COLOURS[status]}}}{text}%{{F-}}"


# i3blocks(1): a line each for full_text, short_text and colour.
def _i3blocks(content: BarContent, text: str, escape: Escape) -> str:
    return "\n".join([text, _short(content), COLOURS.get(content.status, "")]).rstrip()


# i3blocks(1), format=json, and i3's i3bar-protocol: for `interval=persist`.
def _i3bar(content: BarContent, text: str, escape: Escape) -> str:
    fields = {"full_text": text, "short_text": _short(content), "markup": "none"}
    if content.sessions:
        fields["color"] = COLOURS[content.status]
    return json.dumps(fields | {"urgent": content.status == QUESTION}, ensure_ascii=False)


def _short(content: BarContent) -> str:
    """The shortest text: the most urgent count."""
    return _count(content, content.sessions[0]["status"]) if content.sessions else ""


# SwiftBar's README, Plugin API, and xbar's, Writing plugins: the first line is in the menu bar,
# those after `---` are the menu, and parameters follow a `|`.
_LITERAL: Final = "emojize=false symbolize=false"


def _no_parameter(text: str) -> str:
    return text.replace("|", "¦").replace("--", "—")


def _menu(content: BarContent, text: str, escape: Escape, *, run: str) -> str:
    """`run` is the name of the parameter for the program that a click runs."""
    lines = [f"{text or SYMBOLS['closed']} | {_LITERAL}", "---"]
    for each in content.sessions:
        entry = f"{escape(content.line(each))} | {_LITERAL} color={COLOURS[each['status']]}"
        if can_be_clicked(each):
            entry += f" {run}={content.program} param1=jump param2={each['id']} terminal=false"
        lines.append(f"{entry} length=80")
    if not content.sessions:
        lines.append("no open sessions")
    dashboard = f"Dashboard | {run}={content.program} param1=dashboard terminal=true"
    return "\n".join([*lines, "---", dashboard])


def _swiftbar(content: BarContent, text: str, escape: Escape) -> str:
    return _menu(content, text, escape, run="bash")


def _swiftbar_update(content: BarContent, text: str, escape: Escape) -> str:
    # SwiftBar's README, Streamable Plugins: this line begins the menu anew.
    return f"~~~\n{_swiftbar(content, text, escape)}"


def _xbar(content: BarContent, text: str, escape: Escape) -> str:
    return _menu(content, text, escape, run="shell")


_PLAIN: Final = BarFormat("one line of text", _unescaped, _unpainted, _text_alone, _text_alone)
_SWIFTBAR: Final = BarFormat(
    "SwiftBar, a menu", _no_parameter, _unpainted, _swiftbar, _swiftbar_update, shows_ages=True
)

FORMATS: Final[Mapping[str, BarFormat]] = {
    "tmux": BarFormat("tmux", _replaced("#", "♯"), _tmux_paint, _text_alone, _text_alone),
    "waybar": BarFormat("Waybar, JSON", _pango, _unpainted, _waybar, _waybar, shows_ages=True),
    "polybar": BarFormat(
        "Polybar", _replaced("%", "\uff05"), _polybar_paint, _text_alone, _text_alone
    ),
    "i3blocks": BarFormat("i3blocks", _unescaped, _unpainted, _i3blocks, _i3bar),
    "swiftbar": _SWIFTBAR,
    "xbar": _SWIFTBAR._replace(description="xbar, a menu", whole=_xbar, update=_xbar),
    "starship": _PLAIN._replace(description="a Starship prompt"),
    # zjstatus's wiki: `#[…]` is a style where the widget's rendermode is dynamic.
    "zellij": _PLAIN._replace(description="zjstatus, in Zellij", escape=_replaced("#", "♯")),
    "plain": _PLAIN,
}
"""The formats by their names on the command line."""


def render(
    name: str, content: BarContent, template: "Template | None" = None, *, stream: bool = False
) -> str:
    """The output for the bar `name`: one line, except in the formats that have several."""
    bar = FORMATS[name]
    text = " ".join(
        bar.paint(_count(content, status), status) for status in SHOWN if content.counts[status]
    )
    if template is not None:
        text = template.fill(content, text, bar.escape)
    return (bar.update if stream else bar.whole)(content, text, bar.escape)


def changes_with_time(name: str, template: "Template | None") -> bool:
    """Whether the output changes while the sessions do not."""
    return FORMATS[name].shows_ages or (template is not None and "age" in template.fields)


def _count(content: BarContent, status: Status) -> str:
    return f"{SYMBOLS[status]}{content.counts[status]}"
