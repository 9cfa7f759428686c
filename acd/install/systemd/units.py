"""The unit files: their templates, how they are filled in, and which sandbox they get."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from acd.errors import AcdError
from acd.install.resources import resource
from acd.install.systemd import sandbox
from acd.install.systemd.manager import UserManager
from acd.install.systemd.sandbox import LEVELS, Sandbox

SOCKET: Final = "acd.socket"
SERVICE: Final = "acd.service"
NOTIFY: Final = "acd-notify.service"
"""Runs `acd notify`, where notifications are configured; starts and stops with SERVICE."""
_IMPORTED: Final = {SERVICE: "acd.daemon.daemon", NOTIFY: "acd.notify.notifier"}
"""The module that a trial of a unit imports: the unit's program, with its compiled modules."""


class NotStartable(AcdError):
    """The manager starts a unit at no level of its sandbox."""


def rendered(name: str, python: Path, at: Sandbox | None = None) -> bytes:
    """Returns a unit as it is installed: with the program's interpreter, at that level."""
    text = sandbox.at_level(template(name), at or Sandbox())
    return text.replace("@PYTHON@", quoted(python)).encode()


def is_current(unit: Path, python: Path) -> bool:
    """Returns whether the file is what this version installs at the file's level."""
    content = unit.read_bytes()
    return content == rendered(
        unit.name, python, sandbox.read_level(content.decode(errors="replace"))
    )


def strongest_sandbox(manager: UserManager, name: str, python: Path) -> Sandbox:
    """Returns the strongest level at which the manager starts that unit's program now.

    Raises NotStartable, and AcdError when systemd-run fails or a unit cannot
    hold the path.
    """
    quoted(python)  # raises for a path that a unit cannot hold
    command = [str(python), "-I", "-c", f"import {_IMPORTED[name]}"]
    failures: list[str] = []
    for level in LEVELS:
        settings = sandbox.directives(template(name), level)
        # systemd-run takes no specifiers.
        resolved = [line.replace("%t", manager.runtime) for line in settings]
        failure = manager.failure(command, resolved)
        if failure is None:
            return Sandbox(level, "; ".join(failures))
        failures.append(f"{level} does not start here: {failure}")
    raise NotStartable(
        f"systemd starts {name} at no level of its sandbox ({'; '.join(failures)})",
        hint="do without the service: acd install --no-service",
    )


def template(name: str) -> str:
    """Returns a unit as it is packaged, with the sandbox of all levels."""
    return resource(f"packaging/systemd/{name}").read_text("utf-8")


def quoted(program: Path) -> str:
    """Returns a path as the first words of ExecStart= (systemd.service(5), COMMAND LINES).

    Raises AcdError for a path that a unit file cannot hold.
    """
    text = str(program)
    # systemd accepts none of these in a program's name, however it is quoted
    # (measured on 252); in an argument it accepts all.
    by_env = any(character in text for character in "'\"\\")
    if not text.isprintable() or (by_env and "=" in text):
        raise AcdError(
            f"a unit file cannot hold the path {text!a}",
            hint="install under another path (XDG_DATA_HOME), or with --no-service",
        )
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    if by_env:
        return f'/usr/bin/env "{escaped.replace("$", "$$")}"'
    return f'"{escaped}"' if " " in text else escaped
