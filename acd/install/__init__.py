"""Putting acd in place, and taking it out: `install`, `uninstall`, `report`.

Responsible for the order of things: one installer at a time, a plan, and its
steps one after the other, each told in a line. It refuses to know what the
steps do, and how lines are shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from acd.errors import AcdError

if TYPE_CHECKING:
    from acd.install.inspection import InstallReport
    from acd.install.plan import Choice, Plan

Say = Callable[[str], None]


def report(environ: Mapping[str, str]) -> InstallReport:
    """What is installed, and whether it is current. Raises nothing."""
    from acd.install.inspection import inspect

    return inspect(environ)


def install(environ: Mapping[str, str], say: Say, choice: Choice) -> None:
    """Installs or upgrades, telling each thing done. Raises AcdError."""
    from acd.install.plan import install_plan

    _refuse_sudo(environ)
    _carry_out(environ, lambda: install_plan(environ, choice), say)


def uninstall(environ: Mapping[str, str], say: Say, *, agreed: Callable[[], bool]) -> bool:
    """Takes out what is there, telling each thing done, once `agreed` says so; whether it did.

    Raises AcdError. What is gone already is no error.
    """
    from acd.install.plan import uninstall_plan

    _refuse_sudo(environ)
    if not (plan := uninstall_plan(environ)).steps:
        say("Nothing of acd is installed here.")
        _tell_notes(plan, say)
        return True
    if not agreed():
        return False
    _carry_out(environ, lambda: uninstall_plan(environ), say)
    return True


def _refuse_sudo(environ: Mapping[str, str]) -> None:
    if os.geteuid() == 0 and environ.get("SUDO_UID", "0") != "0":
        raise AcdError(
            "acd is installed for one user, and under sudo that would be root",
            hint="run this again without sudo",
        )


def _carry_out(environ: Mapping[str, str], make: Callable[[], Plan], say: Say) -> None:
    from acd.install.plan import lock_path, need_home
    from acd.system import files

    need_home(environ)  # before the lock, which lies below it

    def waiting() -> None:
        say("Another acd install or uninstall is at work; waiting for it.")

    with files.lock(lock_path(environ), waiting=waiting):
        plan = make()  # under the lock: another may just have changed what is there
        for step in plan.steps:
            if (done := step.execute()) is not None:
                say(done)
    _tell_notes(plan, say)


def _tell_notes(plan: Plan, say: Say) -> None:
    for note in plan.notes:
        say(note)
