"""acd's job in the user's launchd: planned, inspected and removed.

By launchctl(1) and launchd.plist(5); tested with a stand-in for launchctl only.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from acd import paths
from acd.agents.installer import Step
from acd.errors import AcdError
from acd.findings import Finding
from acd.install.component import Condition, Plan
from acd.install.daemon import stop_daemon
from acd.install.program import program_python
from acd.install.resources import resource
from acd.install.service_manager import ServiceReport
from acd.install.steps import RemoveFiles, WriteFile, existing
from acd.system import activation, programs, runtime_dir
from acd.system.environment import minimal

LABEL: Final = "local.acd"
_LAUNCHCTL_SECONDS: Final = 30.0


class Launchd:
    """This user's domain of launchd."""

    def __init__(self, environ: Mapping[str, str]):
        self._environ = minimal(environ)

    @functools.cached_property
    def domain(self) -> str | None:
        """gui/<uid> for a user at the screen, user/<uid> for one who is only logged in remotely."""
        if programs.which("launchctl", self._environ) is None:
            return None
        for domain in (f"gui/{os.getuid()}", f"user/{os.getuid()}"):
            if self._succeeds("print", domain):
                return domain
        return None

    @property
    def holds_job(self) -> bool:
        """Whether the job is loaded: launchd holds its socket."""
        return self.domain is not None and self._succeeds("print", f"{self.domain}/{LABEL}")

    def load(self, plist: Path) -> None:
        """Loads the job, whose socket launchd then holds. Raises AcdError."""
        answer = self._run("bootstrap", self.domain or "", str(plist))
        if answer is None or answer.status:
            text = answer.errors.strip() if answer else "it did not answer"
            raise AcdError(
                f"launchctl bootstrap {self.domain} {plist} failed: {text}",
                hint="do without the service: acd install --no-service",
            )

    def unload(self) -> None:
        """Unloads the job, which ends the daemon; one that is not loaded is no error."""
        self._run("bootout", f"{self.domain}/{LABEL}")

    def end_daemon(self) -> None:
        """Ends the job's process, if there is one; launchd keeps the socket."""
        self._run("kill", "SIGTERM", f"{self.domain}/{LABEL}")

    def _succeeds(self, *arguments: str) -> bool:
        answer = self._run(*arguments)
        return answer is not None and answer.status == 0

    def _run(self, *arguments: str) -> programs.Completed | None:
        return programs.run(
            ["launchctl", *arguments], environ=self._environ, timeout=_LAUNCHCTL_SECONDS
        )


class LaunchdService:
    """The job of the service. Implements ServiceManager; launchd runs no notifier."""

    has_notifier = False
    serves_another_home = False

    def __init__(self, environ: Mapping[str, str], launchd: Launchd, python: Path | None = None):
        self._environ = environ
        self._launchd = launchd
        self._python = python or program_python()
        self.plist = paths.launchd_agent_dir(environ) / f"{LABEL}.plist"
        self.log = paths.home(environ) / "Library/Logs/acd.log"
        """Where launchd writes the daemon's log."""
        self.daemon_log = str(self.log)

    def plan(self, *, notify: bool) -> Plan:
        notes = ["For notifications have your session start: acd notify"] if notify else []
        launchd = self._launchd
        written = WriteFile(self.plist, self.rendered(), "the job: launchd holds the socket")
        if launchd.holds_job and not written.is_needed():
            return Plan([EndJob(launchd)], notes, service_starts=True)
        load = Load(self._environ, launchd, self.plist)
        return Plan([written, load], notes, service_starts=True)

    def inspect(self) -> ServiceReport:
        if not self.plist.is_file():
            return self._report("missing", "there is no such file")
        reasons = []
        if self.plist.read_bytes() != self.rendered():
            reasons.append(f"{self.plist.name} is not this version's")
        if not self._launchd.holds_job:
            reasons.append("launchd has not loaded the job")
        return self._report("stale" if reasons else "current", *reasons)

    def inspect_notifier(self) -> None:
        return None

    def check_sandboxes(self) -> Iterator[Finding]:
        return iter(())

    def remove(self) -> list[Step]:
        """Returns what removes the job, with or without a launchd that answers."""
        steps: list[Step] = [Unload(self._launchd)] if self._launchd.holds_job else []
        if found := existing(self.plist, self.log):
            steps.append(RemoveFiles(found, "the launchd job"))
        return steps

    def rendered(self) -> bytes:
        """Returns the property list as it is installed."""
        text = resource(f"packaging/launchd/{LABEL}.plist").read_text("utf-8")
        for mark, path in (
            ("@PYTHON@", self._python),
            ("@SOCKET@", paths.socket_path(self._environ, platform="darwin")),
            ("@LOG@", self.log),
        ):
            text = text.replace(mark, escape(str(path)))
        return text.encode()

    def _report(self, state: Condition, *reasons: str) -> ServiceReport:
        listening = self._launchd.holds_job
        return ServiceReport(state, self.plist, reasons, manager="launchd", listening=listening)


@dataclass(frozen=True)
class Load:
    """Makes launchd hold the socket, which a daemon or an earlier job may hold until then."""

    environ: Mapping[str, str]
    launchd: Launchd
    plist: Path

    def describe(self) -> str:
        return (
            f"run launchctl bootstrap {self.launchd.domain} {self.plist};"
            " a daemon that already serves its socket ends first, in order"
        )

    def execute(self) -> str:
        path = paths.socket_path(self.environ, platform="darwin")
        runtime_dir.check_directory(path.parent, make=True)
        with activation.bind_lock(path):
            self.launchd.unload()
            stop_daemon(self.environ)
            self.launchd.load(self.plist)
        return f"Service: launchd holds {path}; the daemon starts with the first request"


@dataclass(frozen=True)
class Unload:
    """Unloads the job, which ends the daemon."""

    launchd: Launchd

    def describe(self) -> str:
        return f"run launchctl bootout {self.launchd.domain}/{LABEL}"

    def execute(self) -> None:
        self.launchd.unload()


@dataclass(frozen=True)
class EndJob:
    """Ends the running daemon in order, so that the next request starts this version."""

    launchd: Launchd

    def describe(self) -> str:
        return f"run launchctl kill SIGTERM {self.launchd.domain}/{LABEL}; its socket stays open"

    def execute(self) -> None:
        self.launchd.end_daemon()
