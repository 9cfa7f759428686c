"""The themes: styles for the roles of text.

`terminal` uses the terminal's own sixteen colours, which suit any background; `dark` and `light`
use true colour. Symbols, words and the heights of blocks carry the same information as colours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rich.style import Style
from textual.theme import Theme as TextualTheme

from acd.ui.dashboard.pieces import Role

TERMINAL: Final = "terminal"

_BAR_STYLES: Final[Mapping[Role, Role]] = {
    "question bar": "question",
    "attention bar": "attention",
    "working bar": "working",
    "no bar": "plain",
}
"""The roles of a timeline's blocks, and the roles whose styles they have."""


@dataclass(frozen=True)
class Theme:
    """A Textual theme for the widgets, and the styles of roles."""

    textual: TextualTheme
    styles: Mapping[Role, Style]
    cursor: Style
    """Added to the styles of the line under the cursor."""
    keeps_colours: bool
    """Whether roles keep their colours under the cursor."""

    def style(self, role: Role, *, under_cursor: bool = False) -> Style:
        """The style of a role."""
        style = self.styles[_BAR_STYLES.get(role, role)]
        if not under_cursor or (role in _BAR_STYLES and not self.keeps_colours):
            return style
        if self.keeps_colours:
            return style + self.cursor
        return self.cursor + Style(bold=style.bold)


def _terminal() -> Theme:
    default = "ansi_default"
    return Theme(
        TextualTheme(
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
        # Reverse video without colours is legible with any sixteen colours.
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
) -> Theme:
    ground = Style(bgcolor=background)
    return Theme(
        TextualTheme(
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


THEMES: Final[Mapping[str, Theme]] = {
    theme.textual.name: theme
    for theme in (
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


def select_theme(name: str, *, colour: bool = True) -> Theme:
    """The theme of a name in the configuration: terminal, dark, light.

    Without colour (NO_COLOR, https://no-color.org) it is always `terminal`: Textual would draw the
    others in shades of grey.
    """
    return THEMES[TERMINAL if name == TERMINAL or not colour else f"acd-{name}"]
