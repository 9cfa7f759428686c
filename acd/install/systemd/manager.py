"""The user's service manager, by systemctl(1) and systemd-run(1)."""

from __future__ import annotations

import functools
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from acd import paths
from acd.errors import AcdError
from acd.install.systemd import sandbox
from acd.system import programs
from acd.system.environment import minimal

_SYSTEMCTL_SECONDS: Final = 60.0
"""For one call; the longest is a stop, at whose end a daemon that hangs is killed."""
_TRIAL_SECONDS: Final = 20
"""For a trial, which takes 0.1 s; less than a call may take."""
_PROPERTIES: Final = (
    *("ActiveState", "Result", "ExecMainCode", "ExecMainStatus"),
    *("UnitFileState", "FragmentPath", "NeedDaemonReload"),
)


class UserManager:
    """The service manager of this user."""

    def __init__(self, environ: Mapping[str, str]):
        self.runtime = environ.get("XDG_RUNTIME_DIR") or str(
            paths.socket_path(environ).parent.parent
        )
        self._environ = minimal(environ) | {"XDG_RUNTIME_DIR": self.runtime}

    @functools.cached_property
    def answers(self) -> bool:
        """Whether there is one. One that is degraded counts: another unit has failed."""
        if programs.which("systemctl", self._environ) is None:
            return False
        answer = self._systemctl("show-environment", seconds=10)
        return answer is not None and answer.status == 0

    def reads(self, directory: Path) -> bool:
        """Returns whether it reads units from there: its XDG_CONFIG_HOME may be another."""
        answer = self._systemctl(
            "show", "--property=UnitPath", "--value", seconds=_SYSTEMCTL_SECONDS
        )
        directories = shlex.split(answer.output) if answer is not None else []
        return any(Path(each).resolve() == directory.resolve() for each in directories)

    def properties(self, unit: str) -> dict[str, str]:
        """Returns a unit's _PROPERTIES; empty if the manager does not answer."""
        answer = self._systemctl(
            "show", unit, f"--property={','.join(_PROPERTIES)}", seconds=_SYSTEMCTL_SECONDS
        )
        lines = answer.output.splitlines() if answer is not None and answer.status == 0 else []
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def is_active(self, unit: str) -> bool:
        """Returns whether the unit runs or listens."""
        return self.properties(unit).get("ActiveState") in {"active", "reloading", "activating"}

    def do(self, *arguments: str, tolerant: bool = False) -> None:
        """Runs one systemctl command. Raises AcdError with systemctl's message, unless tolerant."""
        answer = self._systemctl(*arguments, seconds=_SYSTEMCTL_SECONDS)
        if tolerant or (answer is not None and answer.status == 0):
            return
        text = "it did not answer" if answer is None else answer.errors.strip()
        raise AcdError(
            f"systemctl --user {' '.join(arguments)} failed: {text}",
            hint="see journalctl --user -u acd, or do without it: acd install --no-service",
        )

    def failure(self, command: list[str], settings: list[str]) -> str | None:
        """Returns why a service with these settings does not succeed; None if it does.

        The service is transient: it is gone when this returns. A setting that
        this systemd does not support is left out, as systemd ignores it in a unit
        file. Raises AcdError when systemd-run(1) cannot start it.
        """
        unit = f"acd-trial-{os.getpid()}.service"
        while True:
            # oneshot: the start job ends with the process. --wait would need a session bus.
            words = ["systemd-run", "--user", "--quiet", f"--unit={unit}"]
            words += ["--service-type=oneshot", f"--property=TimeoutStartSec={_TRIAL_SECONDS}"]
            words += [f"--property={setting}" for setting in settings]
            answer = programs.run(
                [*words, "--", *command], environ=self._environ, timeout=_SYSTEMCTL_SECONDS
            )
            if answer is not None and answer.status == 0:
                return None
            found = self.properties(unit)
            self.do("reset-failed", unit, tolerant=True)
            if found.get("ActiveState") == "failed":
                return sandbox.failure(
                    found["Result"], found["ExecMainCode"], found["ExecMainStatus"]
                )
            text = "it did not answer" if answer is None else answer.errors.strip()
            unknown = re.match(r"Unknown assignment: (.*)", text)
            if unknown is None or unknown[1] not in settings:
                raise AcdError(
                    f"systemd-run --user failed: {text}",
                    hint="do without the service: acd install --no-service",
                )
            settings = [setting for setting in settings if setting != unknown[1]]

    def _systemctl(self, *arguments: str, seconds: float) -> programs.Completed | None:
        argv = ["systemctl", "--user", "--no-pager", *arguments]
        return programs.run(argv, environ=self._environ, timeout=seconds)
