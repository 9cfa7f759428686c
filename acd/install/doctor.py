"""Gathers facts about each part of acd, and yields the findings of `acd doctor`."""

from __future__ import annotations

import importlib
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from acd import __version__, config, paths
from acd.agents.settings import hook_entries
from acd.client import control
from acd.errors import AcdError, ConfigError, UnsafeSocket
from acd.findings import Finding
from acd.install import agents, diagnosis, environment_checks, notification_checks
from acd.install.component import ComponentReport
from acd.install.daemon import seen_versions
from acd.install.inspection import inspect_installation
from acd.install.service import service_manager
from acd.install.service_manager import ServiceReport
from acd.system import environment, programs, runtime_dir

_NEEDED: Final = ("click", "uvloop")


def examine(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yields a finding about each part of acd, in an order for people. Changes nothing."""
    found = inspect_installation(environ)
    yield from _examine_program(environ)
    yield from diagnosis.check_permissions(
        list(environment_checks.wrong_permissions(environ, found.hooks))
    )
    yield _config(paths.config_path(environ))
    yield from _examine_service(environ, found.service)
    yield from notification_checks.findings(environ)
    yield from _examine_agents(environ, found.hooks)


def _examine_program(environ: Mapping[str, str]) -> Iterator[Finding]:
    installed = environment_checks.installed_program(environ)
    if installed is not None:
        version = environment_checks.program_version(installed, environ)
        yield diagnosis.check_program(__version__, version, installed)
    else:
        yield Finding("program", "ok", f"acd {__version__}")
    own = Path(sys.executable)
    yield diagnosis.check_python(sys.version.partition(" ")[0], own, list(_missing()))
    on_path = programs.which("acd", environ)
    yield diagnosis.check_path(Path(on_path) if on_path else None, installed)


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


# --- Service, socket and daemon -----------------------------------------------


def _examine_service(environ: Mapping[str, str], service: ServiceReport) -> Iterator[Finding]:
    socket = paths.socket_path(environ)
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


def _socket(environ: Mapping[str, str], path: Path, *, served: bool) -> Finding:
    usual = paths.socket_path(environment.without_socket(environ)) if served else path
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
        return "is not a socket"
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


# --- Agents -------------------------------------------------------------------


def _examine_agents(
    environ: Mapping[str, str], hooks: Mapping[str, ComponentReport]
) -> Iterator[Finding]:
    """`hooks` holds the report on the hooks of each agent that the user has."""
    for agent, report in hooks.items():
        # The agent's checks report this one, with the file to correct.
        reasons = [each for each in report.reasons if not each.startswith(hook_entries.DISABLE)]
        state = "current" if report.state == "stale" and not reasons else report.state
        yield diagnosis.check_hooks(agent, state, report.where, reasons)
    yield from diagnosis.check_interpreter(environment_checks.hook_interpreters(environ, hooks))
    seen = seen_versions(environ)
    for agent in hooks:
        if (checks := agents.installer(agent).checks) is not None:
            yield from checks(environ, seen.get(agent), _working_directory())


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except OSError:  # it is gone
        return Path("/")
