"""What is installed, and whether it is as it should be.

Responsible for comparing what is there with what `acd install` would put
there, in words for people. It refuses to change anything.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from acd import paths
from acd.agents.installer import Trust
from acd.agents.settings import hook_entries
from acd.errors import AcdError
from acd.install import agents, launchd, systemd
from acd.install.plan import (
    no_events,
    outdated_hook_files,
    program_python,
    wanted_hooks,
    wanted_status_line,
)
from acd.install.steps import PutHooks
from acd.system import files

State = Literal["current", "stale", "untrusted", "missing", "unknown"]


@dataclass(frozen=True)
class Part:
    """A part of what is installed."""

    state: State
    where: Path
    reasons: tuple[str, ...] = ()
    """Why it is not current, each a short sentence; the last may be why it works all the same."""


@dataclass(frozen=True)
class InstallReport:
    """What `acd install` put in place, as it is now."""

    agents: Mapping[str, Part]
    """The hooks of each agent that is here, by its name; never empty."""
    service: Part
    manager: str | None
    """`systemd` or `launchd`; None where hooks start the daemon."""
    listening: bool
    """Whether the manager holds the socket."""

    @property
    def hooks(self) -> Part:
        """Those of the first agent."""
        return next(iter(self.agents.values()))


def inspect(environ: Mapping[str, str]) -> InstallReport:
    """Looks at settings, hook and service; takes some tens of milliseconds. Raises nothing."""
    unset = paths.without_socket(environ)
    if sys.platform == "darwin":
        return InstallReport(_agents(environ), *_launchd(unset))
    return InstallReport(_agents(environ), *_systemd(unset))


def status_lines(environ: Mapping[str, str]) -> dict[str, str]:
    """Whose the status line of each agent here that can have one is, in words. Raises nothing."""
    able = [each for each in agents.chosen(environ) if agents.installer(each).has_status_line]
    return {agent: _whose_status_line(environ, agent) for agent in able}


def _whose_status_line(environ: Mapping[str, str], agent: str) -> str:
    try:
        put = wanted_status_line(environ, agent)
        whose = put.whose()
        is_outdated = whose == "ours" and put.is_needed()
    except AcdError as error:
        return f"cannot tell: {error.message}"
    if whose == "ours":
        mend = ", not as it should be; acd install mends it" if is_outdated else ""
        return f"acd's, in {put.path}{mend}"
    if whose == "other":
        return f"another's, in {put.path}; acd statusline --help tells how to show both"
    return f"none in {put.path}; acd install --statusline sets acd's"


def _agents(environ: Mapping[str, str]) -> dict[str, Part]:
    return {agent: _hooks(environ, agent) for agent in agents.chosen(environ)}


def _hooks(environ: Mapping[str, str], agent: str) -> Part:
    try:
        wanted = wanted_hooks(environ, agent)
    except AcdError as error:
        return Part("unknown", paths.data_dir(environ), (error.message,))
    try:
        text = hook_entries.decode(files.read(wanted.path).content or b"")
        there = hook_entries.installed(text, wanted.agent)
    except AcdError as error:
        return Part("unknown", wanted.path, (error.message,))
    if not wanted.wanted:
        return Part("stale" if there else "missing", wanted.path, (no_events(agent),))
    if not there:
        return Part("missing", wanted.path, ("no hooks of acd in it",))
    reasons = tuple(_what_is_wrong(environ, text, there, wanted.wanted))
    if not reasons and (trust := agents.installer(agent).trust) is not None:
        return _trusted(environ, wanted, trust)
    return Part("stale" if reasons else "current", wanted.path, reasons)


def _trusted(environ: Mapping[str, str], wanted: PutHooks, trust: Trust) -> Part:
    try:
        missing = trust.missing(environ)
    except AcdError as error:
        return Part("unknown", wanted.path, (error.message,))
    if not missing:
        return Part("current", wanted.path)
    all_of_them = len(missing) == len(wanted.wanted)
    which = "runs none of them" if all_of_them else f"does not run {_names(set(missing))}"
    return Part("untrusted", wanted.path, (f"{wanted.name} {which}: {trust.ask}",))


def _what_is_wrong(
    environ: Mapping[str, str],
    text: str,
    there: Mapping[str, list[dict[str, object]]],
    wanted: Mapping[str, hook_entries.Handler],
) -> Iterator[str]:
    if hook_entries.hooks_disabled(text):
        yield f"{hook_entries.DISABLE} is set, so none of them runs"
    commands = {str(handler.get("command")) for handlers in there.values() for handler in handlers}
    for path in sorted(set(_paths_in(commands))):
        if not path.exists():
            yield f"{path} is gone"
    if missing := wanted.keys() - there.keys():
        yield f"no hook on {_names(missing)}"
    if unknown := there.keys() - wanted.keys():
        yield f"a hook that the installed client may not know, on {_names(unknown)}"
    if other := {
        event for event in wanted.keys() & there.keys() if there[event] != [wanted[event]]
    }:
        yield f"an outdated hook on {_names(other)}"
    if outdated := [step.path for step in outdated_hook_files(environ)]:
        yield f"not this version's hook: {', '.join(map(str, outdated))}"


def _paths_in(commands: set[str]) -> Iterator[Path]:
    for command in commands:
        yield from (Path(word) for word in shlex.split(command) if word.startswith("/"))


def _names(events: set[str]) -> str:
    return ", ".join(sorted(events))


def _systemd(environ: Mapping[str, str]) -> tuple[Part, str | None, bool]:
    directory = paths.systemd_unit_dir(environ)
    units = [directory / name for name in (systemd.SOCKET, systemd.SERVICE)]
    manager = systemd.UserManager(environ)
    if not manager.answers:
        reason = "no service manager answers; hooks start the daemon"
        return Part("missing", directory, (reason,)), None, False
    if not manager.reads(directory):
        return Part("unknown", directory, ("systemd does not read it",)), None, False
    socket = manager.properties(systemd.SOCKET)
    listening = socket.get("ActiveState") == "active"
    if not all(unit.is_file() for unit in units):
        return Part("missing", directory, ("no units of acd in it",)), "systemd", listening
    reasons = [
        f"{unit.name} is not this version's"
        for unit in units
        if not systemd.is_current(unit, program_python())
    ]
    reasons += _not_as_read(manager, units)
    if socket.get("UnitFileState") != "enabled":
        reasons.append(f"{systemd.SOCKET} is not enabled")
    if socket.get("Result") == "service-start-limit-hit":
        reasons.append(
            f"{systemd.SOCKET} has failed, because {systemd.SERVICE} did not start:"
            " journalctl --user -u acd tells why"
        )
    elif not listening:
        reasons.append(f"{systemd.SOCKET} is {socket.get('ActiveState', 'not known to systemd')}")
    return Part("stale" if reasons else "current", directory, tuple(reasons)), "systemd", listening


def inspect_notifier(environ: Mapping[str, str]) -> tuple[Part, str, bool] | None:
    """The unit of the notifications, its state, and whether the service runs that brings it.

    None where systemd has no service of acd's. Raises nothing.
    """
    directory = paths.systemd_unit_dir(environ)
    manager = systemd.UserManager(environ)
    there = (directory / systemd.SERVICE).is_file() and sys.platform != "darwin"
    if not there or not manager.answers or not manager.reads(directory):
        return None
    unit, runs = directory / systemd.NOTIFY, manager.is_active(systemd.SERVICE)
    if not unit.is_file():
        return Part("missing", unit, (f"{unit.name} is not installed",)), "", runs
    known = manager.properties(unit.name)
    reasons = [*_not_as_read(manager, [unit])]
    if not systemd.is_current(unit, program_python()):
        reasons.insert(0, f"{unit.name} is not this version's")
    if known.get("UnitFileState") != "enabled":
        reasons.append(f"{unit.name} is not enabled")
    state = known.get("ActiveState", "")
    return Part("stale" if reasons else "current", unit, tuple(reasons)), state, runs


def _not_as_read(manager: systemd.UserManager, units: list[Path]) -> Iterator[str]:
    """Units that systemd has from elsewhere, or has not read since they were written."""
    for unit in units:
        known = manager.properties(unit.name)
        fragment = known.get("FragmentPath")
        if fragment and Path(fragment).resolve() != unit.resolve():
            yield f"systemd uses {fragment} instead of {unit}"
        elif known.get("NeedDaemonReload") == "yes":
            yield f"{unit.name} has changed since systemd read it"


def _launchd(environ: Mapping[str, str]) -> tuple[Part, str | None, bool]:
    path = launchd.plist_path(environ)
    job = launchd.Launchd(environ)
    if job.domain is None:
        reason = "launchd does not answer; hooks start the daemon"
        return Part("missing", path, (reason,)), None, False
    listening = job.holds_job
    if not path.is_file():
        return Part("missing", path, ("there is no such file",)), "launchd", listening
    reasons = []
    if path.read_bytes() != launchd.rendered(environ, program_python()):
        reasons.append(f"{path.name} is not this version's")
    if not listening:
        reasons.append("launchd does not know the job")
    return Part("stale" if reasons else "current", path, tuple(reasons)), "launchd", listening
