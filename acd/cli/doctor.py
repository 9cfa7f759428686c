"""`acd doctor`: gathers facts about each part of acd and shows the findings."""

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
from acd.client import control
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


@click.command(short_help="Check everything that acd needs, and show what to do.")
def doctor() -> Result:
    """Check everything that acd needs, and show what to do about each problem.

    It starts no daemon and changes nothing; a transient systemd unit shows in
    which sandbox the service starts. In a project's directory it also checks the
    project's settings. Exit code 0: no problem; 1: at least one problem.
    """
    found = list(_findings(os.environ))
    return Result(lambda style: _lines(found, style), exit_code=0 if is_well(found) else 1)


def _lines(found: list[Finding], style: TerminalStyle) -> Iterator[str]:
    size = max(len(finding.subject) for finding in found)
    for finding in found:
        mark, hue = _MARKS[finding.severity]
        mark = click.style(mark, fg=hue) if style.colour else mark
        yield f"{mark} {finding.subject:<{size}}  {printable(finding.message)}"
        if finding.hint:
            yield f"  {'':<{size}}  → {printable(finding.hint)}"
    problems = sum(finding.severity == "problem" for finding in found)
    yield f"{problems or 'no'} problem{'' if problems == 1 else 's'}"


def _findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    from acd.agents.settings import hook_entries
    from acd.install import environment_checks
    from acd.install.agents import installer
    from acd.install.daemon import met_versions
    from acd.install.inspection import inspect_installation
    from acd.install.service import service_manager
    from acd.system import programs

    found = inspect_installation(environ)
    own = Path(sys.executable)
    installed = environment_checks.installed_program(environ)
    if installed is not None:
        version = environment_checks.program_version(installed, environ)
        yield diagnosis.check_program(__version__, version, installed)
    else:
        yield Finding("program", "ok", f"acd {__version__}")
    yield diagnosis.check_python(sys.version.partition(" ")[0], own, list(_missing()))
    on_path = programs.which("acd", environ)
    yield diagnosis.check_path(Path(on_path) if on_path else None, installed)
    yield from diagnosis.check_permissions(
        list(environment_checks.wrong_permissions(environ, found.hooks))
    )
    yield _config(paths.config_path(environ))

    socket = paths.socket_path(environ)
    service = found.service
    manager = service_manager(environ)
    yield _socket(environ, socket, served=service.manager is not None and service.listening)
    yield _daemon(environ, service.manager if service.state == "current" else None)
    if lost := diagnosis.check_lost(
        runtime_dir.undelivered_events(socket), paths.given_up_path(socket), manager.daemon_log
    ):
        yield lost
    yield diagnosis.check_service(
        service.state, service.where, service.reasons, service.manager, listening=service.listening
    )
    if service.state in {"current", "stale"}:
        yield from manager.check_sandboxes()
    yield from notifications.findings(environ)
    for agent, hooks in found.hooks.items():
        # The agent's checks report this one, with the file to correct.
        reasons = [each for each in hooks.reasons if not each.startswith(hook_entries.DISABLE)]
        state = "current" if hooks.state == "stale" and not reasons else hooks.state
        yield diagnosis.check_hooks(agent, state, hooks.where, reasons)
    yield from diagnosis.check_interpreter(
        environment_checks.hook_interpreters(environ, found.hooks)
    )
    met = met_versions(environ)
    for agent in found.hooks:
        if (checks := installer(agent).checks) is not None:
            yield from checks(environ, met.get(agent), _working_directory())


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except OSError:  # it is gone
        return Path("/")


def _missing() -> Iterator[str]:
    """Yields the required modules that cannot be loaded."""
    for name in _NEEDED:
        try:
            importlib.import_module(name)
        except ImportError:
            yield name


def _config(path: Path) -> Finding:
    try:
        config.load(path)
    except ConfigError as error:
        return diagnosis.check_config(path, error.message, exists=True)
    return diagnosis.check_config(path, None, exists=path.exists())


def _socket(environ: Mapping[str, str], path: Path, *, served: bool) -> Finding:
    usual = paths.socket_path(paths.without_socket(environ)) if served else path
    unsafe = None
    try:
        runtime_dir.check_length(path)
        runtime_dir.check_directory(path.parent)
    except UnsafeSocket as error:
        unsafe = (error.message, error.hint)
    flaw = None if unsafe else _flaw(path)
    return diagnosis.check_socket(path, unsafe, flaw, usual if usual != path else None)


def _flaw(path: Path) -> str | None:
    """Returns what is wrong with the socket's file; None for nothing, or no file."""
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


def _daemon(environ: Mapping[str, str], manager: str | None) -> Finding:
    try:
        info: Mapping[str, Any] | None = control.info(environ)
    except UnsafeSocket:
        return Finding("daemon", "note", "not queried, because its socket is not safe")
    except AcdError as error:
        return Finding(
            "daemon", "problem", error.message, error.hint or "end its process; the next one works"
        )
    return diagnosis.check_daemon(info, __version__, manager)
