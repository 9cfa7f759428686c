"""`acd doctor`: gathers the facts, and shows what is right and what is wrong.

Responsible for asking each part of acd how it is, and for the report's form.
It refuses to judge (diagnosis.py), to start anything and to change anything.
"""

from __future__ import annotations

import importlib
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from acd import __version__, config, paths
from acd.cli import notifications
from acd.cli.result import Result, TerminalStyle
from acd.cli.status import daemon_info
from acd.errors import AcdError, ConfigError, UnsafeSocket
from acd.findings import Finding, Severity, is_well
from acd.install import diagnosis
from acd.system import runtime_dir
from acd.text import printable

_MARKS: Final[Mapping[Severity, tuple[str, str | None]]] = {
    "ok": ("✓", "green"),
    "note": ("·", None),
    "problem": ("✗", "red"),
}

_NEEDED: Final = ("click", "uvloop")


@click.command(short_help="Check everything that acd needs, and say what to do.")
def doctor() -> Result:
    """Check everything that acd needs, and say what to do about what is wrong.

    It starts no daemon and changes nothing; systemd tries with a transient unit
    in which sandbox the service starts. Run it in a project's directory, and
    its settings are looked at too. Exit code 0: all is well; 1: something is
    to be done.
    """
    found = list(_findings(os.environ))
    return Result(lambda style: _lines(found, style), exit_code=0 if is_well(found) else 1)


def _lines(found: list[Finding], style: TerminalStyle) -> Iterator[str]:
    size = max(len(finding.what) for finding in found)
    for finding in found:
        mark, hue = _MARKS[finding.severity]
        mark = click.style(mark, fg=hue) if style.colour else mark
        yield f"{mark} {finding.what:<{size}}  {printable(finding.message)}"
        if finding.hint:
            yield f"  {'':<{size}}  → {printable(finding.hint)}"
    problems = sum(finding.severity == "problem" for finding in found)
    yield f"{problems or 'no'} problem{'' if problems == 1 else 's'}"


def _findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    from acd.agents.settings import hook_entries
    from acd.install import environment_checks, report
    from acd.install.agents import installer
    from acd.system import programs

    found = report(environ)
    own = Path(sys.executable)
    installed = environment_checks.installed_program(environ)
    if installed is not None:
        told = environment_checks.program_version(installed, environ)
        yield diagnosis.check_program(__version__, told, installed)
    else:
        yield Finding("program", "ok", f"acd {__version__}")
    yield diagnosis.check_python(sys.version.partition(" ")[0], own, list(_missing()))
    on_path = programs.which("acd", environ)
    yield diagnosis.check_path(Path(on_path) if on_path else None, installed)
    yield from diagnosis.check_permissions(
        list(environment_checks.wrong_permissions(environ, found.agents))
    )
    yield _config(paths.config_path(environ))

    socket = paths.socket_path(environ)
    yield _socket(environ, socket, served=found.manager is not None and found.listening)
    yield _daemon(socket, found.manager if found.service.state == "current" else None)
    if lost := diagnosis.check_lost(
        runtime_dir.undelivered_events(socket), paths.given_up_path(socket)
    ):
        yield lost
    service = found.service
    yield diagnosis.check_service(
        service.state, service.where, service.reasons, found.manager, listening=found.listening
    )
    if found.manager == "systemd" and service.state in {"current", "stale"}:
        yield from _sandboxes(environ)
    yield from notifications.findings(environ)
    for agent, hooks in found.agents.items():
        # That one has a finding of its own, with the file that has to be mended.
        reasons = [each for each in hooks.reasons if not each.startswith(hook_entries.DISABLE)]
        state = "current" if hooks.state == "stale" and not reasons else hooks.state
        yield diagnosis.check_hooks(agent, state, hooks.where, reasons)
    yield from diagnosis.check_interpreter(
        environment_checks.hook_interpreters(environ, found.agents)
    )
    for checks in (installer(agent).checks for agent in found.agents):
        if checks is not None:
            yield from checks(environ, _here())


def _sandboxes(environ: Mapping[str, str]) -> Iterator[Finding]:
    """The units' sandboxes, against what systemd starts now: a try of each takes 0.1 s."""
    from acd.install import systemd
    from acd.install.plan import program_python

    unset = paths.without_socket(environ)
    manager = systemd.UserManager(unset)
    for unit, installed in systemd.installed_sandboxes(unset).items():
        has = (installed.level, installed.why)
        try:
            found = systemd.strongest_sandbox(manager, unit, program_python())
        except systemd.NotStartable as error:
            yield diagnosis.check_sandbox(unit, has, None, error.message)
        except AcdError as error:
            yield Finding("sandbox", "problem", error.message, error.hint)
        else:
            yield diagnosis.check_sandbox(unit, has, (found.level, found.why))


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:  # it is gone
        return Path("/")


def _missing() -> Iterator[str]:
    """What the daemon and the command line cannot do without, and cannot load."""
    for name in _NEEDED:
        try:
            importlib.import_module(name)
        except ImportError:
            yield name


def _config(path: Path) -> Finding:
    try:
        config.load(path)
    except ConfigError as error:
        return diagnosis.check_config(path, error.message, there=True)
    return diagnosis.check_config(path, None, there=path.exists())


def _socket(environ: Mapping[str, str], path: Path, *, served: bool) -> Finding:
    unset = paths.without_socket(environ)
    usual = paths.socket_path(unset) if served else path
    unsafe = None
    try:
        runtime_dir.check_length(path)
        runtime_dir.check_directory(path.parent)
    except UnsafeSocket as error:
        unsafe = (error.message, error.hint)
    flaw = None if unsafe else _flaw(path)
    return diagnosis.check_socket(path, unsafe, flaw, usual if usual != path else None)


def _flaw(path: Path) -> str | None:
    """What is wrong with the socket's file; None too if there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISSOCK(found.st_mode):
        return "is no socket"
    if found.st_uid != os.getuid():
        return f"belongs to user {found.st_uid}"
    if stat.S_IMODE(found.st_mode) & 0o077:
        return f"has mode {stat.S_IMODE(found.st_mode):o}, not 600"
    return None


def _daemon(socket: Path, manager: str | None) -> Finding:
    try:
        info: Mapping[str, Any] | None = daemon_info(socket)
    except UnsafeSocket:
        return Finding("daemon", "note", "not asked, because of its socket's place")
    except AcdError as error:
        return Finding(
            "daemon", "problem", error.message, error.hint or "end its process; the next is sound"
        )
    return diagnosis.check_daemon(info, __version__, manager)
