"""`acd timeline`: who worked and who waited.

Responsible for the span that is asked for, and for asking the daemon. It
refuses to know how a timeline is made and drawn (acd/timeline/).
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Final

import click

from acd import config, paths
from acd.cli import render
from acd.cli.identify import all_sessions, identify, not_empty
from acd.client.blocking import ask
from acd.errors import AcdError, ConfigError, DaemonRefused
from acd.protocol import Ok
from acd.sessions.values import Json
from acd.text import age
from acd.ui.timeline import svg, terminal
from acd.ui.timeline.chart import Chart, chart

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LENGTH: Final = re.compile(r"(?:\d{1,6}[smhd])+")
_PIPED_COLUMNS: Final = 100
"""Where the output is no terminal."""


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> int:
    if not _LENGTH.fullmatch(value):
        raise click.BadParameter(f"{value!r} must be a length of time: 90m, 8h, 1h30m, 2d")
    parts = re.findall(r"(\d+)([smhd])", value)
    seconds = sum(int(count) * _UNITS[unit] for count, unit in parts)
    if not 60 <= seconds <= 366 * 86_400:
        raise click.BadParameter(f"{value!r} must be at least a minute, and at most a year")
    return seconds


@click.command(short_help="Show who worked and who waited for you, and how long.")
@click.argument("sessions", metavar="[ID]...", nargs=-1, callback=not_empty)
@click.option(
    "--since",
    "seconds",
    metavar="TIME",
    default="8h",
    show_default=True,
    callback=_seconds,
    help="How far back: 90m, 8h, 1h30m, 2d.",
)
@click.option("--svg", "picture", metavar="FILE", help="Write a picture instead; - is the output.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def timeline(sessions: tuple[str, ...], seconds: int, picture: str | None, as_json: bool) -> None:
    """Show who worked and who waited for you, when and for how long; those that waited most first.

    The daemon remembers the newest changes of each session (50 by default), and
    closed sessions for a while (30 minutes by default); of what it does not
    remember nothing is shown. Two that wait at once count twice in the sum.
    """
    if as_json and picture is not None:
        raise click.UsageError("--json and --svg are two ways to show the same: give one")
    made = _chart(sessions, seconds)
    if as_json:
        render.write(render.to_json(made.to_json()))
    elif picture is not None:
        _write(picture, svg.draw(made))
    elif made.rows:
        look = render.look(os.environ)
        paint = render.paint if look.colour else lambda text, status: text
        render.write(terminal.draw(made, look.columns or _PIPED_COLUMNS, paint))
    else:
        render.write(f"no session worked or waited in the last {age(seconds)}")


def _chart(names: tuple[str, ...], seconds: int) -> Chart:
    known = all_sessions(os.environ)
    meant = [identify(known, name) for name in names] if names else known
    histories = {}
    for session in meant:
        try:
            reply = ask(os.environ, f"HISTORY {session['id']}")
        except DaemonRefused:
            continue  # it was removed just now
        histories[session["id"]] = _transitions(reply.json() if isinstance(reply, Ok) else [])
    until = time.time()
    return chart(
        {each["id"]: each for each in meant}.values(),
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
    except ConfigError:  # acd config tells of it; the daemon goes on with what it had
        return config.Config().sessions.history_depth


def _write(name: str, text: str) -> None:
    if name == "-":
        render.write(text.rstrip("\n"))
        return
    try:
        Path(name).write_text(text, "utf-8")
    except OSError as error:
        raise AcdError(f"cannot write {name}: {error.strerror}") from None
    render.write(f"wrote {name}")
