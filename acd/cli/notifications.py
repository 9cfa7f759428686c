"""How notifications are, for `acd doctor` and `acd status`.

Responsible for asking the configuration, the service manager, the session bus
and the lock of whoever notifies. It refuses to judge (diagnosis.py), to start
anything, and to say anything of what is not configured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from acd import config, paths
from acd.errors import AcdError, ConfigError
from acd.findings import Finding
from acd.install import diagnosis


def summary(environ: Mapping[str, str]) -> str:
    """In a line: off, as it should be, or what is wrong first of all, and what to do."""
    try:
        found = list(_findings(environ))
    except ConfigError as error:
        return f"not known: {error.message}"
    if not found:
        return "off"
    first = next((each for each in found if each.severity == "problem"), found[0])
    return f"{first.message}; {first.hint}" if first.hint else first.message


def findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """What there is to say of them; nothing where none are configured."""
    try:
        yield from _findings(environ)
    except ConfigError:
        return  # it has a finding of its own


def _findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    place = paths.config_path(environ)
    wanted = config.load(place).notify
    if not wanted.is_on:
        return
    # Some 50 ms, and most people have none of it configured.
    from acd.install.inspection import inspect_notifier
    from acd.notify.state import is_notifier_running
    from acd.system import programs

    unset = paths.without_socket(environ)
    unit = inspect_notifier(unset)
    part, state, runs = unit or (None, "", False)
    at_work = is_notifier_running(paths.socket_path(unset if unit else environ))
    reasons = part.reasons if part else None
    yield diagnosis.check_notifier(reasons, state, at_work=at_work, daemon=runs)
    if wanted.desktop and (problem := _desktop(unset)):
        hint = problem.hint or "see that your desktop's session runs"
        yield Finding("notify", "problem", problem.message, hint)
    if wanted.command and programs.which(wanted.command[0], environ) is None:
        says = f"notify.command: there is no program {wanted.command[0]}, or it may not be run"
        yield Finding("notify", "problem", says, f"mend it in {place}")


def _desktop(environ: Mapping[str, str]) -> AcdError | None:
    """What keeps notifications from the desktop."""
    from acd.notify.desktop import desktop  # 20 ms with D-Bus

    # Where a shell has lost it, the service manager has it: so does acd-notify.service.
    runtime = environ.get("XDG_RUNTIME_DIR") or str(paths.socket_path(environ).parent.parent)
    try:
        desktop({**environ, "XDG_RUNTIME_DIR": runtime}, sound=False).check()
    except AcdError as error:
        return error
    return None
