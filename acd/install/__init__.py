"""Installs acd, removes it and inspects the installation, one installer at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from acd.errors import AcdError

if TYPE_CHECKING:
    from acd.install.component import Plan
    from acd.install.inspection import InstallReport
    from acd.install.plan import Choice

WriteLine = Callable[[str], None]


def report(environ: Mapping[str, str]) -> InstallReport:
    """Returns what is installed, and whether it is current. Raises nothing."""
    from acd.install.inspection import inspect

    return inspect(environ)


def install(environ: Mapping[str, str], write: WriteLine, choice: Choice) -> None:
    """Installs or upgrades; writes a line for each thing done. Raises AcdError."""
    from acd.install.plan import install_plan

    _refuse_sudo(environ)
    _execute(environ, lambda: install_plan(environ, choice), write)


def uninstall(environ: Mapping[str, str], write: WriteLine, *, confirm: Callable[[], bool]) -> bool:
    """Removes what is installed, if `confirm` returns True. Returns whether it was removed.

    Nothing to remove counts as removed. Writes a line for each thing done. Raises AcdError.
    """
    from acd.install.plan import uninstall_plan

    _refuse_sudo(environ)
    plan = uninstall_plan(environ)
    if not plan.steps:
        for line in ("Nothing of acd is installed here.", *plan.notes):
            write(line)
        return True
    if not confirm():
        return False
    _execute(environ, lambda: uninstall_plan(environ), write)
    return True


def _refuse_sudo(environ: Mapping[str, str]) -> None:
    if os.geteuid() == 0 and environ.get("SUDO_UID", "0") != "0":
        raise AcdError(
            "acd is installed for one user, and under sudo that would be root",
            hint="run this again without sudo",
        )


def _execute(environ: Mapping[str, str], make: Callable[[], Plan], write: WriteLine) -> None:
    from acd.install.plan import installer_lock_path, need_home
    from acd.system import files

    need_home(environ)  # before the lock, which lies below it

    def waiting() -> None:
        write("Another acd install or uninstall is running; waiting for it.")

    with files.lock(installer_lock_path(environ), waiting=waiting):
        plan = make()  # under the lock: another installer may just have changed the files
        for step in plan.steps:
            if (done := step.execute()) is not None:
                write(done)
    for note in plan.notes:
        write(note)
