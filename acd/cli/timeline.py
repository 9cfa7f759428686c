"""`acd timeline`: shows when sessions worked and when they waited for the user."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Final

import click

from acd import config, paths
from acd.cli.identify import all_sessions, select_session
from acd.cli.options import json_option, sessions_argument, wants_json
from acd.cli.result import Document, Result, TerminalStyle
from acd.cli.style import paint
from acd.client.blocking import ask
from acd.errors import AcdError, ConfigError, DaemonRefused
from acd.protocol import History, Ok
from acd.sessions.values import Json
from acd.text import age
from acd.ui.timeline import svg, terminal
from acd.ui.timeline.chart import Chart, chart

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION: Final = re.compile(r"(?:\d{1,6}[smhd])+")
_COLUMNS: Final = 100
"""The width where standard output is not a terminal."""


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> int:
    if not _DURATION.fullmatch(value):
        raise click.BadParameter(f"{value!r} must be a length of time: 90m, 8h, 1h30m, 2d")
    parts = re.findall(r"(\d+)([smhd])", value)
    seconds = sum(int(count) * _UNITS[unit] for count, unit in parts)
    if not 60 <= seconds <= 366 * 86_400:
        raise click.BadParameter(f"{value!r} must be between a minute and a year")
    return seconds


@click.command(short_help="Show when sessions worked and when they waited for you.")
@sessions_argument
@click.option(
    "--since",
    "seconds",
    metavar="TIME",
    default="8h",
    show_default=True,
    callback=_seconds,
    help="How far to look back: 90m, 8h, 1h30m, 2d.",
)
@click.option(
    "--svg", "svg_file", metavar="FILE", help="Write an SVG image to FILE; - is standard output."
)
@json_option("Print the timeline as a JSON object.")
def timeline(sessions: tuple[str, ...], seconds: int, svg_file: str | None) -> Document | Result:
    """Show when sessions worked and when they waited for you, and for how long.

    Sessions are sorted by the time that they waited. The daemon keeps the
    newest changes of each session (50 by default), and closed sessions for a
    while (30 minutes by default); earlier times are left empty. Two sessions
    that wait at the same time count twice in the sum.
    """
    if wants_json() and svg_file is not None:
        raise click.UsageError("--json and --svg exclude each other")
    made = _chart(sessions, seconds)
    if svg_file == "-":
        return Document(svg.draw(made).rstrip("\n"))
    if svg_file is not None:
        return _write(Path(svg_file), svg.draw(made))
    if not made.rows:
        text = f"no session worked or waited in the last {age(seconds)}"
        return Result(text, data=made.to_json())
    return Result(lambda style: _lines(made, style), data=made.to_json())


def _chart(names: tuple[str, ...], seconds: int) -> Chart:
    known = all_sessions(os.environ)
    chosen = [select_session(known, name) for name in names] if names else known
    histories = {}
    for session in chosen:
        try:
            reply = ask(os.environ, History(session["id"]))
        except DaemonRefused:
            continue  # it was removed just now
        histories[session["id"]] = _transitions(reply.json() if isinstance(reply, Ok) else [])
    until = time.time()
    return chart(
        {session["id"]: session for session in chosen}.values(),
        histories,
        since=until - seconds,
        until=until,
        history_depth=_history_depth(),
    )


def _transitions(value: object) -> list[Json]:
    return value if isinstance(value, list) else []


def _history_depth() -> int:
    try:
        return config.load(paths.config_path(os.environ)).sessions.history_depth
    except ConfigError:  # acd config show reports it
        return config.Config().sessions.history_depth


def _lines(made: Chart, style: TerminalStyle) -> list[str]:
    painter = paint if style.colour else lambda text, status: text
    return terminal.draw(made, style.columns or _COLUMNS, painter).splitlines()


def _write(path: Path, text: str) -> Result:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise AcdError(f"cannot write {path}: {error.strerror}") from None
    return Result(f"wrote {path}")
