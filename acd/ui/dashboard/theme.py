"""Themes: what colour a role has.

Responsible for three looks: the terminal's own sixteen colours, which suit
any background, and a dark and a light one in true colour. It refuses to know
what has which role. Colour never tells anything alone: symbols, words and the
heights of blocks say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rich.style import Style
from textual.theme import Theme

from acd.ui.dashboard.columns import Role

TERMINAL: Final = "terminal"

_BARS: Final[Mapping[Role, Role]] = {
    "question bar": "question",
    "attention bar": "attention",
    "working bar": "working",
    "no bar": "plain",
}
"""The roles of a timeline's blocks, which have the colours of other roles."""


@dataclass(frozen=True)
class Look:
    """A theme: Textual's part of it, and ours."""

    theme: Theme
    texts: Mapping[Role, Style]
    cursor: Style
    """Laid over the line under the cursor."""
    keeps_colours: bool
    """Whether roles keep their colours under the cursor."""

    def style(self, role: Role, *, under_cursor: bool = False) -> Style:
        """How text of this role is drawn."""
        style = self.texts[_BARS.get(role, role)]
        if not under_cursor or (role in _BARS and not self.keeps_colours):
            return style
        if self.keeps_colours:
            return style + self.cursor
        return self.cursor + Style(bold=style.bold)


def _terminal() -> Look:
    default = "ansi_default"
    return Look(
        Theme(
            name=TERMINAL,
            ansi=True,
            primary="ansi_blue",
            foreground=default,
            background=default,
            surface=default,
            panel=default,
            boost=default,
            variables={
                "ansi-background": default,
                "ansi-foreground": default,
                "input-cursor-background": default,
                "input-cursor-foreground": default,
                "input-cursor-text-style": "reverse",
                "input-selection-background": default,
                "input-selection-foreground": default,
                "scrollbar": "ansi_bright_black",
                "scrollbar-hover": "ansi_white",
                "scrollbar-active": "ansi_white",
                "scrollbar-background": default,
                "scrollbar-background-hover": default,
                "scrollbar-background-active": default,
                "scrollbar-corner-color": default,
            },
        ),
        {
            "question": Style(color="red", bold=True),
            "attention": Style(color="yellow"),
            "working": Style(color="green"),
            "closed": Style(dim=True),
            "plain": Style(),
            "strong": Style(bold=True),
            "dim": Style(dim=True),
        },
        # Reverse, and no colours in it: legible with any sixteen colours.
        Style(reverse=True),
        keeps_colours=False,
    )


def _true_colour(  # noqa: PLR0917 - a palette is a list of colours
    name: str,
    background: str,
    plain: str,
    dim: str,
    question: str,
    attention: str,
    working: str,
    cursor: str,
    *,
    dark: bool,
) -> Look:
    ground = Style(bgcolor=background)
    return Look(
        Theme(
            name=name,
            dark=dark,
            primary=working,
            foreground=plain,
            background=background,
            surface=background,
            panel=background,
            boost=background,
            variables={
                "scrollbar": cursor,
                "scrollbar-hover": dim,
                "scrollbar-active": dim,
                "scrollbar-background": background,
                "scrollbar-background-hover": background,
                "scrollbar-background-active": background,
                "scrollbar-corner-color": background,
            },
        ),
        {
            "question": ground + Style(color=question, bold=True),
            "attention": ground + Style(color=attention),
            "working": ground + Style(color=working),
            "closed": ground + Style(color=dim),
            "plain": ground + Style(color=plain),
            "strong": ground + Style(color=plain, bold=True),
            "dim": ground + Style(color=dim),
        },
        Style(bgcolor=cursor),
        keeps_colours=True,
    )


LOOKS: Final[Mapping[str, Look]] = {
    look.theme.name: look
    for look in (
        _terminal(),
        _true_colour(
            "acd-dark",
            "#14171c",
            "#d5dae1",
            "#868e99",
            "#ff8078",
            "#e6b450",
            "#5fb877",
            "#2b323c",
            dark=True,
        ),
        _true_colour(
            "acd-light",
            "#fdfdfc",
            "#24292f",
            "#687078",
            "#c4222f",
            "#8f5f00",
            "#1b7a3a",
            "#dfe7f1",
            dark=False,
        ),
    )
}


def look(name: str, *, colour: bool = True) -> Look:
    """The look by its name in the configuration: terminal, dark, light.

    Without colour (NO_COLOR) it is the terminal's: the others would be greys.
    """
    return LOOKS[TERMINAL if name == TERMINAL or not colour else f"acd-{name}"]
