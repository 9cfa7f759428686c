"""Checks notifications for `acd doctor` and `acd status`: configuration, unit, desktop, command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from acd import config, paths
from acd.errors import AcdError, ConfigError
from acd.findings import Finding
from acd.install import diagnosis
from acd.system import environment


def summary(environ: Mapping[str, str]) -> str:
    """Returns one line: off, fine, or the first problem with its remedy."""
    try:
        found = list(_findings(environ))
    except ConfigError as error:
        return f"not known: {error.message}"
    if not found:
        return "off"
    first = next((each for each in found if each.severity == "problem"), found[0])
    return f"{first.message}; {first.hint}" if first.hint else first.message


def findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yields findings; none where no notifications are configured."""
    try:
        yield from _findings(environ)
    except ConfigError:
        return  # doctor has a finding of its own for the configuration


def _findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    path = paths.config_path(environ)
    wanted = config.load(path).notify
    if not wanted.is_on:
        return
    # Some 50 ms, and few users have notifications configured.
    from acd.install.service import service_manager
    from acd.notify.state import is_notifier_running
    from acd.system import programs

    unset = environment.without_socket(environ)
    unit = service_manager(unset).inspect_notifier()
    at_work = is_notifier_running(paths.socket_path(unset if unit else environ))
    yield diagnosis.check_notifier(unit, at_work=at_work)
    if wanted.desktop and (problem := _desktop(unset)):
        hint = problem.hint or "see that your desktop's session runs"
        yield Finding("notify", "problem", problem.message, hint)
    if wanted.command and programs.which(wanted.command[0], environ) is None:
        text = f"notify.command: there is no program {wanted.command[0]}, or it may not be run"
        yield Finding("notify", "problem", text, f"correct it in {path}")


def _desktop(environ: Mapping[str, str]) -> AcdError | None:
    """Returns why no notification can be shown on the desktop; None if one can."""
    from acd.notify.desktop import desktop  # 20 ms with D-Bus

    # acd-notify.service has XDG_RUNTIME_DIR of the service manager, even where a shell lacks it.
    runtime = environ.get("XDG_RUNTIME_DIR") or str(paths.socket_path(environ).parent.parent)
    try:
        desktop({**environ, "XDG_RUNTIME_DIR": runtime}, sound=False).check()
    except AcdError as error:
        return error
    return None
