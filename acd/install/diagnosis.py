"""What is right and wrong with an acd, and what to do about it.

Responsible for the judgement of `acd doctor`: each check makes of facts a
finding in words for people. Pure. It refuses to know where facts come from,
and how findings are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from acd.findings import Finding

Version = tuple[int, ...]


def check_program(own: str, installed: str | None, place: Path) -> Finding:
    """This program against the installed one: version skew, or one that cannot be run.

    `installed` is the version that the program at `place` tells; None if that does not run.
    """
    if installed is None:
        return Finding(
            "program", "problem", f"the installed one, {place}, does not run", "run install.sh"
        )
    if installed != own:
        return Finding(
            "program",
            "problem",
            f"this is acd {own}, and the installed one is {installed}",
            f"use {place}, or run this version's install.sh",
        )
    return Finding("program", "ok", f"acd {own}")


def check_python(version: str, place: Path, missing: Sequence[str]) -> Finding:
    """The interpreter of this program, with the modules that it should have and has not."""
    says = f"{version}, {place}"
    if missing:
        return Finding(
            "python",
            "problem",
            f"{says}, cannot load {', '.join(missing)}",
            "run install.sh: it builds a new environment",
        )
    return Finding("python", "ok", says)


def check_path(found: Path | None, expected: Path | None) -> Finding:
    """What `acd` on PATH is, with links resolved, against the installed program."""
    if found is None:
        return Finding(
            "PATH",
            "problem",
            "no acd on it",
            'add the directory to it in your shell\'s startup file: PATH="$HOME/.local/bin:$PATH"'
            if expected
            else "add the directory that acd is in to it",
        )
    if expected is not None and found.resolve() != expected.resolve():
        return Finding(
            "PATH",
            "problem",
            f"{found} comes before the installed {expected}",
            f"remove it, or put {expected.parent} before {found.parent}",
        )
    return Finding("PATH", "ok", f"acd is {found}")


def check_socket(
    path: Path, unsafe: tuple[str, str | None] | None, flaw: str | None, usual: Path | None
) -> Finding:
    """The socket's place.

    `unsafe` is what is wrong with its directory, and what to do; `flaw` is
    what is wrong with the socket's file; `usual` is where the service listens,
    if that is elsewhere.
    """
    if unsafe is not None:
        return Finding("socket", "problem", *unsafe)
    if flaw is not None:
        return Finding(
            "socket", "problem", f"{path} {flaw}", f"acd stop, rm {path}, then acd install"
        )
    if usual is not None:
        return Finding(
            "socket",
            "problem",
            f"ACD_SOCKET names {path}, and the service listens at {usual}",
            "unset ACD_SOCKET, or set it for the agents too: their hooks send there",
        )
    return Finding("socket", "ok", str(path))


def check_daemon(info: Mapping[str, Any] | None, version: str, manager: str | None) -> Finding:
    """The daemon, by what INFO tells; None if none runs."""
    if info is None:
        return Finding("daemon", "ok", "not running; the next event or command starts it")
    says = f"acd {info['version']}, process {info['pid']}"
    if info["version"] != version:
        return Finding(
            "daemon",
            "problem",
            f"{says}, and this program is acd {version}",
            "acd stop; the next event starts this version",
        )
    if info["journal_failure"]:
        return Finding(
            "daemon",
            "problem",
            f"keeps its state in memory only: {info['journal_failure']}",
            "make room, or make the socket's directory writable; it tries again at each change",
        )
    if manager is not None and info["activation"] != manager:
        return Finding(
            "daemon",
            "problem",
            f"{says}, was not started by {manager}, which has a service for it",
            "acd install hands the socket over",
        )
    return Finding("daemon", "ok", says)


def check_lost(count: int, place: Path) -> Finding | None:
    """The events that hooks could not deliver since the last boot; None if there are none."""
    if not count:
        return None
    events = "event" if count == 1 else "events"
    return Finding(
        "lost",
        "problem",
        f"{count} {events} that hooks could not deliver since the last boot",
        f"see journalctl --user -u acd for what kept them; rm {place} forgets them",
    )


def check_service(
    state: str, where: Path, reasons: Sequence[str], manager: str | None, *, listening: bool
) -> Finding:
    """The units or the launch agent, as the installer's report has them."""
    why = "; ".join(reasons)
    if manager is None:
        return Finding("service", "note", f"none here ({where}): {why}")
    if state == "current":
        return Finding("service", "ok", f"{manager}, in {where}")
    if state == "missing" and not listening:
        return Finding(
            "service",
            "note",
            f"{manager} has none ({where}: {why}), so hooks and commands start the daemon;"
            " acd install sets it up",
        )
    return Finding("service", "problem", f"{where}: {why}", "acd install")


def check_sandbox(
    unit: str, installed: tuple[str, str], startable: tuple[str, str] | None, failure: str = ""
) -> Finding:
    """The level of a unit's sandbox against the strongest that the service manager starts now.

    A level comes with why it is not stronger; `startable` is None where none
    starts, and `failure` says so.
    """
    level, why = installed
    if startable is None:
        return Finding("sandbox", "problem", failure, "acd install")
    strongest, reason = startable
    if strongest != level:
        says = f"{unit}: {level} is installed, and the strongest that starts here is {strongest}"
        says += f", because {reason}" if reason else ""
        return Finding("sandbox", "problem", says, "acd install")
    says = f"{unit}: {level}"
    if why:
        return Finding("sandbox", "note", f"{says}, because {reason or why}")
    return Finding("sandbox", "ok", says)


def check_notifier(
    reasons: Sequence[str] | None, state: str, *, at_work: bool, daemon: bool
) -> Finding:
    """Who tells of waits, where that is configured.

    `reasons` are why its unit is not as it should be, None where no unit can be
    there; `state` is the unit's ActiveState; `at_work` whether anybody tells;
    `daemon` whether the service runs, which brings the unit.
    """
    if reasons is None:
        if at_work:
            return Finding("notify", "ok", "acd notify is at work")
        do = "have your session start it: acd notify"
        return Finding("notify", "problem", "configured, and no acd notify is at work", do)
    if reasons:
        return Finding("notify", "problem", "; ".join(reasons), "acd install")
    if state == "failed" or (daemon and state == "inactive"):
        says = "has failed" if state == "failed" else "does not run, and the daemon does"
        return Finding(
            "notify",
            "problem",
            f"acd-notify.service {says}",
            "journalctl --user -u acd-notify tells why; systemctl --user start acd-notify",
        )
    how = "comes with the daemon" if state == "inactive" else "runs"
    return Finding("notify", "ok", f"acd-notify.service {how}")


def check_hooks(agent: str, state: str, where: Path, reasons: Sequence[str]) -> Finding:
    """The hooks in an agent's settings, as the installer's report has them."""
    why = "; ".join(reasons)
    match state:
        case "current":
            return Finding("hooks", "ok", f"{agent}: in {where}")
        case "unknown":
            return Finding("hooks", "problem", f"{agent}: {why}", f"mend {where}, then acd install")
        case "untrusted":
            do = "trust them as it asks, or acd install --trust"
            return Finding("hooks", "problem", f"{agent}: {where}: {why}", do)
        case _:
            return Finding("hooks", "problem", f"{agent}: {where}: {why}", "acd install")


def check_overruled(found: Sequence[tuple[Path, str, bool]]) -> Iterator[Finding]:
    """The settings that switch hooks off: the file, the key, and whether it is an administrator's.

    A file that could not be read has no key.
    """
    for path, key, managed in found:
        if not key:
            says, do = f"{path} cannot be read", "mend it: the agent reads it too"
        elif managed:
            says = f"{path} sets {key}, so no hook of yours runs"
            do = "ask whoever manages this machine; acd cannot know your sessions until then"
        else:
            says, do = f"{path} sets {key}, so no hook runs", f"take {key} out of it"
        yield Finding("hooks", "problem", says, do)


def check_interpreter(found: Sequence[tuple[Path, bool]]) -> Iterator[Finding]:
    """The interpreters that installed hooks name, and whether each runs."""
    for path, runs in found:
        if not runs:
            yield Finding(
                "hooks",
                "problem",
                f"their interpreter, {path}, does not run",
                "acd install, with a Python that runs",
            )


def check_clients(
    program: str,
    found: Sequence[tuple[str, Version | None, Sequence[str]]],
    left_out: Sequence[str],
    *,
    enough: Version,
    tolerant: Version,
    update: str,
) -> Iterator[Finding]:
    """An agent's programs that are here: whether each has every event that tells something.

    `found` has of each its place, its version and the events that it lacks.
    `left_out` are the events that have no hook. One that is older than
    `tolerant` reads no settings that name an event which it does not know.
    `enough` is the first version that lacks none, `update` the command that brings it.
    """
    known = [(version, place, lacks) for place, version, lacks in found if version is not None]
    if not known:
        yield _no_client(program, [place for place, _, _ in found], left_out)
        return
    (newest, place, lacks), *others = sorted(known, reverse=True)
    if lacks:
        yield Finding(
            program,
            "problem",
            f"{_version(newest)} ({place}) is too old for {', '.join(lacks)}:"
            " some changes are seen late or not at all",
            f"{update} (to {_version(enough)} or newer), then acd install",
        )
    else:
        yield Finding(program, "ok", f"{_version(newest)} ({place})")
    for version, place, lacking in others:
        missed = [event for event in lacking if event not in lacks]
        if not missed:
            continue
        names, older = ", ".join(missed), f"{_version(version)} ({place}) is older than"
        if version < tolerant:
            them = "it" if len(missed) == 1 else "them"
            yield Finding(
                program,
                "problem",
                f"{older} {_version(newest)}: it would ignore its whole settings file if that"
                f" named {names}, so {_version(newest)} gets no hooks on {them}",
                f"{update}, or remove that program, then acd install",
            )
        else:
            yield Finding(
                program,
                "note",
                f"{older} {_version(newest)}: it may not know {names}, and some versions warn of"
                f" such a hook when they start; {update} mends it",
            )


def _no_client(program: str, silent: Sequence[str], left_out: Sequence[str]) -> Finding:
    if silent:
        says = f"{', '.join(silent)} does not tell its version"
    else:
        says = "none found on PATH, in the usual places or in an editor's extensions"
    if left_out:
        says += f"; acd install adds hooks on {', '.join(left_out)} once one is found that has them"
    return Finding(program, "note", says)


def _version(version: Version) -> str:
    return ".".join(map(str, version))


def check_config(path: Path, problem: str | None, *, there: bool) -> Finding:
    """The configuration file."""
    if problem is not None:
        return Finding("config", "problem", problem, "mend it, then acd stop or a reload")
    return Finding("config", "ok", str(path) if there else f"none ({path}): all is at its default")


def check_permissions(foreign: Sequence[tuple[Path, str]]) -> Iterator[Finding]:
    """Files of acd that others could change, or that the user cannot."""
    for path, flaw in foreign:
        yield Finding(
            "permissions", "problem", f"{path} {flaw}", f"ls -ld {path}, and put it right"
        )
