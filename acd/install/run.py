"""Executes the plan of an installation or removal, one installer at a time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping

from acd.errors import AcdError
from acd.install.component import Plan
from acd.install.plan import Choice, install_plan, installer_lock_path, need_home, uninstall_plan
from acd.system.lock_file import LockHeld, lock


def install(environ: Mapping[str, str], choice: Choice) -> Iterator[str]:
    """Installs or upgrades; yields a line for each thing done. Raises AcdError."""
    refuse_sudo(environ)
    yield from _execute(environ, lambda: install_plan(environ, choice))


def uninstall(environ: Mapping[str, str]) -> Iterator[str]:
    """Removes what is installed; yields a line for each thing done. Raises AcdError."""
    refuse_sudo(environ)
    plan = uninstall_plan(environ)
    if plan.steps:
        yield from _execute(environ, lambda: uninstall_plan(environ))
    else:
        yield "Nothing of acd is installed here."
        yield from plan.notes


def refuse_sudo(environ: Mapping[str, str]) -> None:
    """Raises AcdError under sudo."""
    if os.geteuid() == 0 and environ.get("SUDO_UID", "0") != "0":
        raise AcdError(
            "acd is installed for one user, and under sudo that would be root",
            hint="run this again without sudo",
        )


def _execute(environ: Mapping[str, str], make: Callable[[], Plan]) -> Iterator[str]:
    need_home(environ)  # before the lock, which lies below it
    lock_path = installer_lock_path(environ)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock(lock_path, waits=False))
        except LockHeld:
            yield "Another acd install or uninstall is running; waiting for it."
            stack.enter_context(lock(lock_path))
        plan = make()  # under the lock: another installer may just have changed the files
        for step in plan.steps:
            if (done := step.execute()) is not None:
                yield done
    yield from plan.notes
