"""`acd status`: shows the state of the daemon and of the installation."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from acd import __version__, paths
from acd.cli.result import Result
from acd.client import control
from acd.errors import EXIT_UNREACHABLE
from acd.install import diagnosis, notification_checks
from acd.sessions.status import STATUSES
from acd.system import runtime_dir
from acd.text import age

if TYPE_CHECKING:
    from acd.install.component import ComponentReport

_ACTIVATIONS: Final = {
    "systemd": "started by systemd",
    "launchd": "started by launchd",
    "spawned": "started by a hook or a command",
    "bound": "started by hand",
}


@click.command(short_help="Show whether the daemon runs and what is installed.")
def status() -> Result:
    """Show whether the daemon runs and whether hooks and service are installed.

    This command does not start the daemon. Exit code 3 means that it does not
    run, which is normal while no session is open.
    """
    socket = paths.socket_path(os.environ)
    info = control.info(os.environ)
    if info is None:
        head = f"acd {__version__}: not running; the next event or command starts it"
        facts = {"socket": str(socket)}
    else:
        head = f"acd {info['version']}: running for {age(info['uptime'])}"
        facts = dict(_daemon_facts(info))
    if lost := runtime_dir.undelivered_events(socket):
        facts["lost"] = diagnosis.lost_events(lost)
    facts |= _installation_facts() | _status_line_facts()
    facts["notify"] = notification_checks.summary(os.environ)
    size = max(map(len, facts))
    return Result(
        [head, *(f"  {name:<{size}}  {fact}" for name, fact in facts.items())],
        exit_code=EXIT_UNREACHABLE if info is None else 0,
    )


def _daemon_facts(info: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if info["version"] != __version__:
        yield (
            "version",
            f"the daemon is {info['version']}, this program {__version__}:"
            " acd stop ends it, and the next event starts this version",
        )
    activation = _ACTIVATIONS.get(info["activation"], str(info["activation"]))
    yield "process", f"{info['pid']}, {info['rss'] / 1e6:.0f} MB, {activation}"
    yield "socket", str(info["socket"])
    counts = {status: info["sessions"].get(status, 0) for status in STATUSES}
    details = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    yield "sessions", f"{sum(counts.values())}{': ' if details else ''}{details}"
    clients = info["connections"] - 1  # without this command's own
    yield "clients", f"{clients}, {info['subscribers']} of them subscribed" if clients else "none"
    yield "idle stop", f"after {info['idle_timeout'] / 60:g} minutes without clients and events"
    if info["journal_failure"]:
        yield "state", f"in memory only: {info['journal_failure']}"


def _installation_facts() -> dict[str, str]:
    from acd.install.inspection import inspect_installation  # 30 ms, with the programs that it runs

    found = inspect_installation(os.environ)
    service = found.service
    if service.manager is None:
        facts = {"service": "none here: hooks and commands start the daemon"}
    else:
        facts = {"service": f"{service.manager}, {_component_fact(service)}"}
    if sandbox := _sandbox_fact(service.sandboxes):
        facts["sandbox"] = sandbox
    if len(found.hooks) == 1:
        [hooks] = found.hooks.values()
        return facts | {"hooks": _component_fact(hooks)}
    return facts | {
        f"hooks, {agent}": _component_fact(report) for agent, report in found.hooks.items()
    }


def _sandbox_fact(levels: Mapping[str, str]) -> str:
    """The sandbox level of each installed unit, or the one that all have."""
    if len(set(levels.values())) == 1:
        return next(iter(levels.values()))
    return "; ".join(f"{unit}: {level}" for unit, level in levels.items())


def _status_line_facts() -> dict[str, str]:
    from acd.install.inspection import status_lines

    found = status_lines(os.environ)
    return {
        "status line" if len(found) == 1 else f"status line, {agent}": owner
        for agent, owner in found.items()
    }


def _component_fact(report: ComponentReport) -> str:
    reasons = "; ".join(report.reasons)
    match report.state:
        case "current":
            return f"installed in {report.where}"
        case "missing":
            return f"not installed ({report.where}: {reasons}); acd install installs it"
        case "stale":
            return (
                f"installed in {report.where}, but not current ({reasons}); acd install repairs it"
            )
        case "untrusted":
            return (
                f"installed in {report.where}, not trusted yet ({reasons});"
                " acd install --trust trusts them"
            )
        case _:
            return f"unknown: {reasons}"
