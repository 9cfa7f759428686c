"""One entry for each bar: the form of its text, and what makes foreign text harmless in it.

Responsible for each bar's language, by its documentation (named at each). What
comes from a session (its name, what it says) is never taken for markup, an
action or another line. It refuses to know where sessions come from, and how a
bar is told.

What cannot be escaped for certain is replaced by a character that looks alike:
how often a bar expands a text depends on its version and on its user's
configuration.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from acd.sessions.status import ATTENTION, QUESTION, WORKING, Status
from acd.text import SYMBOLS
from acd.ui.bars import view
from acd.ui.bars.view import SHOWN, View

if TYPE_CHECKING:
    from acd.ui.bars.template import Template

COLOURS: Final[Mapping[str, str]] = {
    QUESTION: "#e5534b",
    ATTENTION: "#d4a72c",
    WORKING: "#57ab5a",
}
"""For bars that want one from us; legible on dark and on light."""

Harmless = Callable[[str], str]
"""Foreign text, which is one printable line already, so that the bar shows it as it is."""


class Bar(NamedTuple):
    """How a bar is written."""

    what: str
    """What it is, for people."""
    harmless: Harmless
    paint: Callable[[str, Status], str]
    """Our own text in the colour of a status, where the bar's language has colours."""
    whole: Callable[[View, str, Harmless], str]
    """All that is printed, around the text that the bar shows."""
    stream: Callable[[View, str, Harmless], str]
    """The same for a bar that reads line after line, where that differs."""
    tells_ages: bool = False
    """Whether `whole` says how long things have been so."""


def _same(text: str) -> str:
    return text


def _replaced(character: str, by: str) -> Harmless:
    return lambda text: text.replace(character, by)


def _unpainted(text: str, status: Status) -> str:
    return text


def _alone(look: View, text: str, harmless: Harmless) -> str:
    return text


# tmux(1), FORMATS and STYLES. tmux expands what `#(…)` prints (measured, 3.3a):
# a directory named `#(…)` would be a command, so no `#` of somebody else's gets there.
# No colours: a status line's own background is green by default, and people have any.
_TMUX_STYLES: Final[Mapping[Status, str]] = {QUESTION: "bold,reverse", ATTENTION: "bold"}


def _tmux_paint(text: str, status: Status) -> str:
    style = _TMUX_STYLES.get(status)
    return f"#[{style}]{text}#[default]" if style else text


# waybar-custom(5), return-type json; text and tooltip are Pango markup.
def _pango(text: str) -> str:
    for character, entity in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot")):
        text = text.replace(character, f"&{entity};")
    return text


def _waybar(look: View, text: str, harmless: Harmless) -> str:
    lines = [harmless(view.line(look, each)) for each in look.sessions]
    fields = {
        "text": text,
        "alt": look.status,
        "class": look.status,
        "tooltip": "\n".join(lines) or "no open sessions",
    }
    # What harms a terminal harms no bar; but some parsers stumble over a bare DEL.
    return json.dumps(fields).replace("\x7f", "\\u007f")


# polybar's wiki, Formatting: %{…} are tags, and %{A…} runs programs.
def _polybar_paint(text: str, status: Status) -> str:
    return f"%{{F{COLOURS[status]}}}{text}%{{F-}}"


# i3blocks(1): a line each for full_text, short_text and colour.
def _i3blocks(look: View, text: str, harmless: Harmless) -> str:
    return "\n".join([text, _short(look), COLOURS.get(look.status, "")]).rstrip()


# i3blocks(1), format=json, and i3's i3bar-protocol: for `interval=persist`.
def _i3bar(look: View, text: str, harmless: Harmless) -> str:
    fields = {"full_text": text, "short_text": _short(look), "markup": "none"}
    if look.sessions:
        fields["color"] = COLOURS[look.status]
    return json.dumps(fields | {"urgent": look.status == QUESTION}, ensure_ascii=False)


def _short(look: View) -> str:
    """What there is room for in any case: the most urgent count."""
    return _count(look, look.sessions[0]["status"]) if look.sessions else ""


# SwiftBar's README, Plugin API, and xbar's, Writing plugins: the first line is in the
# menu bar, those after `---` are the menu, and what follows a `|` is parameters.
_NO_MAGIC: Final = "emojize=false symbolize=false"


def _no_parameter(text: str) -> str:
    return text.replace("|", "¦").replace("--", "—")


def _menu(look: View, text: str, harmless: Harmless, *, run: str) -> str:
    """`run` is the parameter that names a program to run on a click."""
    lines = [f"{text or SYMBOLS['closed']} | {_NO_MAGIC}", "---"]
    for each in look.sessions:
        entry = f"{harmless(view.line(look, each))} | {_NO_MAGIC} color={COLOURS[each['status']]}"
        if view.can_be_clicked(each):
            entry += f" {run}={look.program} param1=jump param2={each['id']} terminal=false"
        lines.append(f"{entry} length=80")
    if not look.sessions:
        lines.append("no open sessions")
    return "\n".join(
        [*lines, "---", f"Dashboard | {run}={look.program} param1=dashboard terminal=true"]
    )


def _swiftbar(look: View, text: str, harmless: Harmless) -> str:
    return _menu(look, text, harmless, run="bash")


def _swiftbar_again(look: View, text: str, harmless: Harmless) -> str:
    # SwiftBar's README, Streamable Plugins: this line begins the menu anew.
    return f"~~~\n{_swiftbar(look, text, harmless)}"


def _xbar(look: View, text: str, harmless: Harmless) -> str:
    return _menu(look, text, harmless, run="shell")


_PLAIN: Final = Bar("one line of text", _same, _unpainted, _alone, _alone)
_SWIFTBAR: Final = Bar(
    "SwiftBar, a menu", _no_parameter, _unpainted, _swiftbar, _swiftbar_again, tells_ages=True
)

BARS: Final[Mapping[str, Bar]] = {
    "tmux": Bar("tmux", _replaced("#", "♯"), _tmux_paint, _alone, _alone),
    "waybar": Bar("Waybar, JSON", _pango, _unpainted, _waybar, _waybar, tells_ages=True),
    "polybar": Bar("Polybar", _replaced("%", "\uff05"), _polybar_paint, _alone, _alone),
    "i3blocks": Bar("i3blocks", _same, _unpainted, _i3blocks, _i3bar),
    "swiftbar": _SWIFTBAR,
    "xbar": _SWIFTBAR._replace(what="xbar, a menu", whole=_xbar, stream=_xbar),
    "starship": _PLAIN._replace(what="a Starship prompt"),
    # zjstatus's wiki: `#[…]` is a style where the widget's rendermode is dynamic.
    "zellij": _PLAIN._replace(what="zjstatus, in Zellij", harmless=_replaced("#", "♯")),
    "plain": _PLAIN,
}
"""Every bar, by its name on the command line."""


def show(name: str, look: View, template: Template | None = None, *, stream: bool = False) -> str:
    """What this bar is to print; one line, except for those whose language has more."""
    bar = BARS[name]
    text = " ".join(
        bar.paint(_count(look, status), status) for status in SHOWN if look.counts[status]
    )
    if template is not None:
        text = template.fill(look, text, bar.harmless)
    return (bar.stream if stream else bar.whole)(look, text, bar.harmless)


def tells_ages(name: str, template: Template | None) -> bool:
    """Whether what is shown changes by time alone."""
    return BARS[name].tells_ages or (template is not None and "age" in template.fields)


def _count(look: View, status: Status) -> str:
    return f"{SYMBOLS[status]}{look.counts[status]}"
