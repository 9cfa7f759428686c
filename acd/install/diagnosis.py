"""The checks of `acd doctor`: each makes a finding for people from the facts that it gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from acd.findings import Finding
from acd.install.service_manager import NotifierReport


def check_program(own: str, installed: str | None, path: Path) -> Finding:
    """Compares this program's version with the installed program's, at `path`.

    `installed` is None if that does not run.
    """
    if installed is None:
        return Finding(
            "program", "problem", f"the installed one, {path}, does not run", "run install.sh"
        )
    if installed != own:
        return Finding(
            "program",
            "problem",
            f"this is acd {own}, and the installed one is {installed}",
            f"use {path}, or run this version's install.sh",
        )
    return Finding("program", "ok", f"acd {own}")


def check_python(version: str, path: Path, missing: Sequence[str]) -> Finding:
    """Checks the interpreter of this program; `missing` are modules that it cannot load."""
    text = f"{version}, {path}"
    if missing:
        return Finding(
            "python",
            "problem",
            f"{text}, cannot load {', '.join(missing)}",
            "run install.sh: it builds a new environment",
        )
    return Finding("python", "ok", text)


def check_path(found: Path | None, expected: Path | None) -> Finding:
    """Compares the `acd` on PATH with the installed program, links resolved."""
    if found is None:
        return Finding(
            "PATH",
            "problem",
            "there is no acd on PATH",
            'add its directory in your shell\'s startup file: PATH="$HOME/.local/bin:$PATH"'
            if expected
            else "add the directory of acd to PATH",
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
    """Checks the socket's path.

    `unsafe` is what is wrong with its directory, and the remedy; `flaw` is what
    is wrong with the socket's file; `usual` is the path of the service, if that
    is another one.
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
    """Checks the daemon by its INFO, which is None if none runs."""
    if info is None:
        return Finding("daemon", "ok", "not running; the next event or command starts it")
    text = f"acd {info['version']}, process {info['pid']}"
    if info["version"] != version:
        return Finding(
            "daemon",
            "problem",
            f"{text}, and this program is acd {version}",
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
            f"{text}, was not started by {manager}, which has a service for it",
            "acd install hands the socket over",
        )
    return Finding("daemon", "ok", text)


def lost_events(count: int) -> str:
    """Returns the number of events that did not reach the daemon, in words."""
    events = "event" if count == 1 else "events"
    return f"{count} {events} that hooks could not deliver since the last boot"


def check_lost(count: int, path: Path, log: str | None) -> Finding | None:
    """Reports events that hooks could not deliver since the last boot; None if there are none.

    `path` is the file that counts them; `log` is where the daemon's log is, if there is one.
    """
    if not count:
        return None
    reason = f"see {log} for the reason; " if log else ""
    return Finding(
        "lost",
        "problem",
        lost_events(count),
        f"{reason}rm {path} resets the count",
    )


def check_service(
    state: str, where: Path, reasons: Sequence[str], manager: str | None, *, listening: bool
) -> Finding:
    """Checks the units or the launch agent, by the installation's report."""
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
    """Compares the level of a unit's sandbox with the strongest that starts now.

    Each level has the reason why it is not stronger; `startable` is None where
    none starts, for the reason `failure`.
    """
    level, why = installed
    if startable is None:
        return Finding("sandbox", "problem", failure, "acd install")
    strongest, reason = startable
    if strongest != level:
        text = f"{unit}: {level} is installed, and the strongest that starts here is {strongest}"
        text += f", because {reason}" if reason else ""
        return Finding("sandbox", "problem", text, "acd install")
    text = f"{unit}: {level}"
    if why:
        return Finding("sandbox", "note", f"{text}, because {reason or why}")
    return Finding("sandbox", "ok", text)


def check_notifier(unit: NotifierReport | None, *, at_work: bool) -> Finding:
    """Checks that `acd notify` runs, where notifications are configured.

    `unit` is None where there can be no unit; `at_work` is whether an `acd notify` runs.
    """
    if unit is None:
        if at_work:
            return Finding("notify", "ok", "acd notify is running")
        remedy = "have your session start it: acd notify"
        return Finding("notify", "problem", "configured, and no acd notify is running", remedy)
    if unit.reasons:
        return Finding("notify", "problem", "; ".join(unit.reasons), "acd install")
    name, state = unit.where.name, unit.active_state
    if state == "failed" or (unit.daemon_runs and state == "inactive"):
        text = "has failed" if state == "failed" else "does not run, and the daemon does"
        return Finding("notify", "problem", f"{name} {text}", unit.remedy)
    how = "comes with the daemon" if state == "inactive" else "runs"
    return Finding("notify", "ok", f"{name} {how}")


def check_hooks(agent: str, state: str, where: Path, reasons: Sequence[str]) -> Finding:
    """Checks the hooks in an agent's settings, by the installation's report."""
    why = "; ".join(reasons)
    match state:
        case "current":
            return Finding("hooks", "ok", f"{agent}: in {where}")
        case "unknown":
            return Finding("hooks", "problem", f"{agent}: {why}", f"fix {where}, then acd install")
        case "untrusted":
            remedy = "review them when it asks you to, or acd install --trust"
            return Finding("hooks", "problem", f"{agent}: {where}: {why}", remedy)
        case _:
            return Finding("hooks", "problem", f"{agent}: {where}: {why}", "acd install")


def check_interpreter(found: Sequence[tuple[Path, bool]]) -> Iterator[Finding]:
    """Reports interpreters of hooks that do not run; `found` has each, and whether it runs."""
    for path, runs in found:
        if not runs:
            yield Finding(
                "hooks",
                "problem",
                f"their interpreter, {path}, does not run",
                "acd install, with a Python that runs",
            )


def check_config(path: Path, problem: str | None, *, exists: bool) -> Finding:
    """Checks the configuration file; `problem` is its error, `exists` whether it is there."""
    if problem is not None:
        return Finding(
            "config", "problem", problem, "correct it, then reload the daemon or run acd stop"
        )
    return Finding(
        "config", "ok", str(path) if exists else f"no file at {path}: the defaults apply"
    )


def check_permissions(foreign: Sequence[tuple[Path, str]]) -> Iterator[Finding]:
    """Reports files that others can change, or the user cannot; `foreign` has what is wrong."""
    for path, flaw in foreign:
        yield Finding(
            "permissions", "problem", f"{path} {flaw}", f"correct the owner or mode: ls -ld {path}"
        )
