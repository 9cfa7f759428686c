"""`acd status`, `acd stop` and `acd daemon`: the background service itself.

Responsible for telling how the daemon is, whether it runs or not, without
starting it. It refuses to know sessions, beyond their numbers.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from acd import __version__, paths
from acd.cli import notifications, render
from acd.client.blocking import Client, ConnectionLost
from acd.errors import EXIT_UNREACHABLE, AcdError, NotRunning
from acd.protocol import Err, Ok
from acd.sessions.status import STATUSES
from acd.system import runtime_dir
from acd.text import age, printable

if TYPE_CHECKING:
    from acd.install.component import Part

STOP_SECONDS: Final = 10.0
"""An orderly stop takes half a second at most."""

_ACTIVATIONS: Final = {
    "systemd": "started by systemd",
    "launchd": "started by launchd",
    "spawned": "started by a hook or a command",
    "bound": "started by hand",
}


@click.command(short_help="Show how the daemon is, and what is installed.")
def status() -> None:
    """Show how the daemon is, and whether hooks and service are installed and current.

    It starts no daemon: exit code 3 means that none runs now, which is usual
    when no session is open.
    """
    socket = paths.socket_path(os.environ)
    info = daemon_info(socket)
    if info is None:
        head = f"acd {__version__}: not running; the next event or command starts it"
        facts = {"socket": printable(str(socket))}
    else:
        head = f"acd {printable(str(info['version']))}: running for {age(info['uptime'])}"
        facts = dict(_facts(info))
    if lost := given_up(socket):
        events = "event" if lost == 1 else "events"
        facts["lost"] = f"{lost} {events} that hooks could not deliver since the last boot"
    facts |= _installed() | _status_lines()
    facts["notify"] = printable(notifications.summary(os.environ))
    size = max(map(len, facts))
    render.write("\n".join([head, *(f"  {name:<{size}}  {fact}" for name, fact in facts.items())]))
    if info is None:
        raise click.exceptions.Exit(EXIT_UNREACHABLE)


def daemon_info(socket: Path) -> dict[str, Any] | None:
    """What INFO tells; None if no daemon runs. Starts none. Raises AcdError."""
    if not runtime_dir.is_running(socket):
        return None
    try:
        with Client.connect(os.environ, start=False) as client:
            reply = client.request("INFO")
    except (ConnectionLost, NotRunning):  # it has just ended
        return None
    if isinstance(reply, Err):
        raise AcdError(reply.text)
    info: dict[str, Any] = reply.json() if isinstance(reply, Ok) else {}
    return info


def _facts(info: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if info["version"] != __version__:
        yield (
            "version",
            f"the daemon is {printable(str(info['version']))}, this program {__version__}:"
            " acd stop ends it, and the next event starts this version",
        )
    how = _ACTIVATIONS.get(info["activation"], str(info["activation"]))
    yield "process", f"{info['pid']}, {info['rss'] / 1e6:.0f} MB, {how}"
    yield "socket", printable(str(info["socket"]))
    counts = {word: info["sessions"].get(word, 0) for word in STATUSES}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    yield "sessions", f"{sum(counts.values())}{': ' if told else ''}{told}"
    # This command's own connection is none of interest.
    others, subscribers = info["connections"] - 1, info["subscribers"]
    yield "clients", f"{others}, {subscribers} of them subscribed" if others else "none"
    yield "idle stop", f"after {info['idle_timeout'] / 60:g} minutes without clients and events"
    if info["journal_failure"]:
        yield "state", f"in memory only: {printable(info['journal_failure'])}"


def given_up(socket: Path) -> int:
    """Events that hooks could not deliver: they leave a byte for each."""
    try:
        return paths.given_up_path(socket).stat().st_size
    except OSError:
        return 0


def _installed() -> dict[str, str]:
    from acd.install import report  # 30 ms with what it imports and asks

    found = report(os.environ)
    service = found.service
    if service.manager is None:
        facts = {"service": "none here: hooks and commands start the daemon"}
    else:
        facts = {"service": f"{service.manager}, {_part(service.part)}"}
    if sandbox := _sandboxes(service.sandboxes):
        facts["sandbox"] = sandbox
    if len(found.hooks) == 1:
        [hooks] = found.hooks.values()
        return facts | {"hooks": _part(hooks)}
    # The first column is as wide as its longest word: "hooks, claude-code".
    return facts | {f"hooks, {agent}": _part(part) for agent, part in found.hooks.items()}


def _sandboxes(levels: Mapping[str, str]) -> str:
    """The level of each installed unit; once, where all have the same."""
    if len(set(levels.values())) == 1:
        return printable(next(iter(levels.values())))
    return "; ".join(f"{unit}: {printable(level)}" for unit, level in levels.items())


def _status_lines() -> dict[str, str]:
    from acd.install.inspection import status_lines

    found = status_lines(os.environ)
    return {
        "status line" if len(found) == 1 else f"status line, {agent}": printable(whose)
        for agent, whose in found.items()
    }


def _part(part: Part) -> str:
    where = printable(str(part.where))
    why = "; ".join(map(printable, part.reasons))
    match part.state:
        case "current":
            return f"installed in {where}"
        case "missing":
            return f"not installed ({where}: {why}); acd install does it"
        case "stale":
            return f"installed in {where}, not as it should be ({why}); acd install mends it"
        case "untrusted":
            return f"installed in {where}, not trusted yet ({why}); acd install --trust does it"
        case _:
            return f"cannot tell: {why}"


@click.command(short_help="End the daemon in order; nothing is lost.")
def stop() -> None:
    """End the daemon in order. Its state waits, and the next event or command starts it again."""
    socket = paths.socket_path(os.environ)
    if not runtime_dir.is_running(socket):
        render.write("not running")
        return
    try:
        with Client.connect(os.environ, start=False) as client:
            has_ended = _ends(client, time.monotonic() + STOP_SECONDS)
    except NotRunning:
        has_ended = True  # somebody else was faster
    if not has_ended:
        raise AcdError(
            f"it was asked to stop, and has not after {STOP_SECONDS:g} s",
            hint="acd status tells its process",
        )
    render.write("stopped")


def _ends(client: Client, deadline: float) -> bool:
    """Asks the daemon to stop; whether its process has ended by the deadline."""
    process = None
    try:
        process = _process(client)
        if isinstance(reply := client.request("STOP"), Err):
            raise AcdError(reply.text)
        for _ in client.pushes(deadline=deadline):
            pass
        return False
    except ConnectionLost:
        if process is None:
            return True
        left = max(0.0, deadline - time.monotonic())
        return bool(select.select([process], [], [], left)[0])
    finally:
        if process is not None:
            os.close(process)


def _process(client: Client) -> int | None:
    """The daemon's process as a descriptor that is readable at its end (pidfd_open(2)).

    None where there is no such thing: on macOS, from another pid namespace.
    """
    reply = client.request("INFO")
    try:
        return os.pidfd_open(reply.json()["pid"]) if isinstance(reply, Ok) else None
    except (AttributeError, OSError):
        return None


@click.command(short_help="Serve in the foreground; services and hooks do it for you.")
def daemon() -> None:
    """Serve in the foreground until stopped (SIGTERM, Ctrl-C, acd stop). SIGHUP reads the
    configuration again.

    Exit codes: 4 another daemon serves the socket, 5 the socket's place is not private.
    """
    from acd.daemon.daemon import main  # uvloop, 25 ms

    raise click.exceptions.Exit(main())
