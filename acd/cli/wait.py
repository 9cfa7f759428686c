"""`acd wait`: waits until a session has one of the given statuses."""

from __future__ import annotations

import os
import time

import click

from acd.cli.identify import select_session
from acd.cli.options import json_option, sessions_argument, wants_json
from acd.cli.result import CommandResult, Result
from acd.cli.table import table
from acd.client.mirror import SessionMirror
from acd.client.subscription import subscribe
from acd.errors import AcdError
from acd.sessions.status import STATUSES, by_need
from acd.sessions.values import Json
from acd.text import one_line


def _statuses(ctx: click.Context, param: click.Parameter, value: str) -> frozenset[str]:
    words = [word.strip() for word in value.split(",")]
    for word in words:
        if word not in STATUSES:
            raise click.BadParameter(f"{word!r} is not one of {', '.join(STATUSES)}")
    return frozenset(words)


def _seconds(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    # The comparison is false for NaN; the limit is a century.
    if value is None or 0 <= value < 3.2e9:
        return value
    raise click.BadParameter(f"{value} is not a valid number of seconds")


@click.command(short_help="Wait until a session needs you, and print it.")
@sessions_argument
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
    help="Stop waiting after this time, with exit code 1.",
)
@json_option("Print each session as a JSON object on one line.")
def wait(
    sessions: tuple[str, ...], statuses: frozenset[str], timeout: float | None
) -> CommandResult:
    """Wait until a session needs you, and print it. Without ID, any session counts.

    If a session needs you already, the command ends at once. It ends with exit
    code 1 when all named sessions are closed.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    named: dict[str, str] | None = None
    for mirror, _ in subscribe(os.environ, deadline=deadline):
        if named is None:
            found = [select_session(mirror.sessions.values(), each) for each in sessions]
            named = {each["id"]: one_line(each["display_name"]) for each in found}
        if matching := _matching(mirror, named, statuses):
            return _result(matching, mirror)
        if named and not any(_is_open(mirror.sessions.get(each)) for each in named):
            raise AcdError(f"closed, and will not need you any more: {', '.join(named.values())}")
    assert timeout is not None  # noqa: S101 - subscribe() ends at its deadline only
    raise AcdError(f"after {timeout:g} s none of them is {' or '.join(sorted(statuses))}")


def _matching(mirror: SessionMirror, named: dict[str, str], statuses: frozenset[str]) -> list[Json]:
    return by_need(
        session
        for session in mirror.sessions.values()
        if session["status"] in statuses and (not named or session["id"] in named)
    )


def _is_open(session: Json | None) -> bool:
    return session is not None and not session["closed"]


def _result(sessions: list[Json], mirror: SessionMirror) -> CommandResult:
    if wants_json():
        return iter([Result(data=session) for session in sessions])
    return Result(lambda style: table(sessions, style, known=mirror.sessions))
