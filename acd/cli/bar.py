"""`acd bar`: what a status bar shows, once or whenever it changes.

Responsible for when it is shown anew, and for telling tmux. It refuses to know
what a bar shows (acd/bars/). One look goes another way where it can, which
does without all of this (quick_bar.py).
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from typing import Final

import click

from acd.cli import quick_bar
from acd.cli.watch import output_pipe
from acd.client.mirror import SessionMirror
from acd.client.subscription import subscribe_passively
from acd.errors import AcdError
from acd.system.environment import minimal
from acd.ui.bars.formats import BARS, show, tells_ages
from acd.ui.bars.template import FIELDS, SUMMARY, Template
from acd.ui.bars.view import View

_GATHER: Final = 0.1
"""Seconds between two lines, at least: faster, nobody reads, and bars have work with each."""

TMUX_OPTION: Final = "@acd"
_TMUX_OWNER: Final = "@acd-follower"

_HELP: Final = """\
Print what a status bar shows of your sessions, as that bar wants it.

FORMAT is one of:

\b
{bars}

It neither starts the daemon nor keeps it: while none runs, what the last one
knew is shown. With --follow it goes on, and prints a line when there is
something new. With tmux, --follow sets the user option {option} instead; run it
from tmux: run-shell -b 'exec acd bar tmux --follow'

Fields of a template; a brace itself is written twice:

\b
{fields}
"""


def _help() -> str:
    own = (SUMMARY, "what the bar shows without a template")
    fields = [own, *((name, what) for name, (what, _) in FIELDS.items())]
    return _HELP.format(
        bars="\n".join(f"  {name:<9} {bar.what}" for name, bar in BARS.items()),
        fields="\n".join(f"  {f'{{{name}}}':<12} {what.replace('`', '')}" for name, what in fields),
        option=TMUX_OPTION,
    )


@click.command(short_help="Print what a status bar shows: tmux, waybar, polybar…", help=_help())
@click.argument("name", metavar="FORMAT", type=click.Choice(list(BARS)))
@click.option("--follow", is_flag=True, help="Go on, and print it anew whenever it changes.")
@click.option("--template", "source", metavar="TEXT", help="A text of your own, with fields.")
def bar(name: str, *, follow: bool, source: str | None) -> int:
    template = Template(source) if source is not None else None
    if not follow:
        return quick_bar.look(name, source)
    tell = _Tmux() if name == "tmux" else None
    line = _Line(
        lambda look: show(name, look, template, stream=True),
        tell or quick_bar.emit,
        by_time=tells_ages(name, template),
    )
    try:
        for picture, _ in subscribe_passively(
            os.environ, wake_at=lambda: line.due, output_fd=output_pipe()
        ):
            line.update(picture)
    except BrokenPipeError:
        return quick_bar.EXIT_BROKEN_PIPE
    except _Replaced:
        return 0
    raise AssertionError("it never ends by itself")


class _Line:
    """What is shown at present, and when it has to be looked at again."""

    def __init__(
        self, render: Callable[[View], str], tell: Callable[[str], None], *, by_time: bool
    ):
        self._render = render
        self._tell = tell
        self._by_time = by_time
        self._shown: str | None = None
        self._next = 0.0
        self.due: float | None = None
        """When it may be another without anything happening (time.monotonic())."""

    def update(self, picture: SessionMirror) -> None:
        """Tells the bar, if it should show something else by now."""
        now = time.monotonic()
        if now < self._next:
            self.due = self._next
            return
        look = View(picture.sessions.values(), time.time(), quick_bar.program())
        text = self._render(look)
        if text != self._shown:
            self._tell(text)
            self._shown = text
            self._next = time.monotonic() + _GATHER
        older = look.until_older() if self._by_time else None
        self.due = None if older is None else now + older


class _Replaced(Exception):
    """Another one tells this tmux by now."""


class _Tmux:
    """Tells the tmux that runs us, by a user option: tmux draws anew when one is set."""

    def __init__(self) -> None:
        if not os.environ.get("TMUX"):
            raise AcdError(
                "this is not run by a tmux, and that is what it would tell",
                hint="put into tmux.conf: run-shell -b 'exec acd bar tmux --follow'",
            )
        self._owner = str(os.getpid())
        # The last one that starts goes on: tmux.conf may be read again and again.
        self._run("set-option", "-g", _TMUX_OWNER, self._owner)

    def __call__(self, text: str) -> None:
        owner = self._run(
            *("set-option", "-g", TMUX_OPTION, text, ";"),
            *("show-options", "-gqv", _TMUX_OWNER),
        )
        if owner != self._owner:
            raise _Replaced

    @staticmethod
    def _run(*command: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - tmux is the user's own
                ["tmux", *command],  # noqa: S607
                env=minimal(os.environ) | {"TMUX": os.environ["TMUX"]},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise AcdError(f"cannot run tmux: {error.strerror}") from None
        if done.returncode != 0:
            raise AcdError(f"tmux: {done.stderr.strip() or 'it does not answer'}")
        return done.stdout.strip()
