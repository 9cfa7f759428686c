"""`acd watch` and `acd wait`: sessions as they change.

Responsible for what of a change is told, and for when waiting is over. It
refuses to know connections (subscription.py).
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time

import click

from acd.cli import render
from acd.cli.identify import identify, not_empty
from acd.client.mirror import SessionChange, SessionMirror
from acd.client.subscription import subscribe
from acd.errors import AcdError
from acd.sessions.status import STATUSES
from acd.sessions.values import Json
from acd.text import by_need, one_line


@click.command(short_help="Print a line for each change, as it happens.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
def watch(as_json: bool) -> None:
    """Print a line for each change, as it happens, until you end it.

    It goes on over stops and upgrades of the daemon, and then tells what it
    missed. JSON: at (unix seconds), id, from (null: new), to (null: gone),
    duration (seconds in the former status, null if unknown), session.
    """
    look = render.look(os.environ)
    is_new = True
    try:
        for picture, differences in subscribe(os.environ, output_fd=output_pipe()):
            if is_new and render.is_terminal(sys.stdout) and render.is_terminal(sys.stderr):
                count = len(picture.sessions)
                click.echo(
                    f"watching {count} session{'' if count == 1 else 's'}; Ctrl-C ends it",
                    err=True,
                )
            is_new = False
            for difference in differences:
                render.write(_object(difference) if as_json else render.change(difference, look))
    except BrokenPipeError:
        raise click.exceptions.Exit(render.EXIT_BROKEN_PIPE) from None


def _object(difference: SessionChange) -> str:
    before, after = difference.before, difference.after
    return render.to_json(
        {
            "at": render.happened(difference),
            "id": difference.session_id,
            "from": before["status"] if before else None,
            "to": after["status"] if after else None,
            "duration": difference.elapsed,
            "session": after,
        },
        indent=None,
    )


def output_pipe() -> int | None:
    """Standard output, if it is a pipe whose reader may leave."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        fd = sys.stdout.fileno()
        mode = os.fstat(fd).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            return fd
    return None


def _statuses(ctx: click.Context, param: click.Parameter, value: str) -> frozenset[str]:
    words = [word.strip() for word in value.split(",")]
    for word in words:
        if word not in STATUSES:
            raise click.BadParameter(f"{word!r} is none of {', '.join(STATUSES)}")
    return frozenset(words)


def _seconds(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    # A NaN is no length of time, and neither is more than a century.
    if value is None or 0 <= value < 3.2e9:
        return value
    raise click.BadParameter(f"{value} is no number of seconds to wait")


@click.command(short_help="Wait until a session needs you, and print which.")
@click.argument("sessions", metavar="[ID]...", nargs=-1, callback=not_empty)
@click.option(
    "--for",
    "statuses",
    metavar="STATUS,...",
    callback=_statuses,
    default="attention,question",
    show_default=True,
    help="The statuses to wait for.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=float,
    callback=_seconds,
    help="Give up then, with exit code 1.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the session as JSON, one a line.")
def wait(
    sessions: tuple[str, ...], statuses: frozenset[str], timeout: float | None, as_json: bool
) -> None:
    """Wait until one of these sessions needs you, and print which; without ID, any session.

    One that needs you already ends it at once. It also ends, with exit code 1,
    when all that are named have closed: they will not need you any more.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    named: dict[str, str] | None = None
    for picture, _ in subscribe(os.environ, deadline=deadline):
        if named is None:
            found = [identify(picture.sessions.values(), each) for each in sessions]
            named = {each["id"]: one_line(each["display_name"]) for each in found}
        if there := _those(picture, named, statuses):
            _tell(there, picture, as_json)
            return
        if named and not any(_is_open(picture.sessions.get(each)) for each in named):
            raise AcdError(f"closed, and will not need you any more: {', '.join(named.values())}")
    assert timeout is not None  # noqa: S101 - nothing else ends it
    raise AcdError(f"after {timeout:g} s none of them is {' or '.join(sorted(statuses))}")


def _those(picture: SessionMirror, named: dict[str, str], statuses: frozenset[str]) -> list[Json]:
    return [
        session
        for session in picture.sessions.values()
        if session["status"] in statuses and (not named or session["id"] in named)
    ]


def _is_open(session: Json | None) -> bool:
    return session is not None and not session["closed"]


def _tell(sessions: list[Json], picture: SessionMirror, as_json: bool) -> None:
    there = by_need(sessions)
    if as_json:
        for session in there:
            render.write(render.to_json(session, indent=None))
    else:
        render.write(render.table(there, render.look(os.environ), known=picture.sessions))
