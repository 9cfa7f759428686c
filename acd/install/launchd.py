"""acd's job in the user's launchd.

Responsible for the steps that put the property list in, have launchd hold the
socket, and take both out again. It refuses to know what the list says
(packaging/launchd). Written by launchctl(1) and launchd.plist(5); tried
against a stand-in, for want of a Mac.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from acd import paths
from acd.agents.installer import Step
from acd.errors import AcdError
from acd.install.daemon import stop_daemon
from acd.install.resources import resource
from acd.install.steps import Remove, WriteFile
from acd.system import activation, programs, runtime_dir
from acd.system.environment import minimal

LABEL: Final = "local.acd"
_SECONDS: Final = 30.0


class Launchd:
    """This user's domain of launchd, by launchctl(1)."""

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
        """Has launchd hold the job's socket. Raises AcdError with launchctl's words."""
        answer = self._ask("bootstrap", self.domain or "", str(plist))
        if answer is None or answer.status:
            words = answer.errors.strip() if answer else "it did not answer"
            raise AcdError(
                f"launchctl bootstrap {self.domain} {plist} failed: {words}",
                hint="do without the service: acd install --no-service",
            )

    def unload(self) -> None:
        """Has launchd let go of the job, and end it; a job that it does not know is no error."""
        self._ask("bootout", f"{self.domain}/{LABEL}")

    def end_daemon(self) -> None:
        """Has the job's process end, if there is one; launchd keeps the socket."""
        self._ask("kill", "SIGTERM", f"{self.domain}/{LABEL}")

    def _succeeds(self, *arguments: str) -> bool:
        answer = self._ask(*arguments)
        return answer is not None and answer.status == 0

    def _ask(self, *arguments: str) -> programs.Completed | None:
        return programs.run(["launchctl", *arguments], environ=self._environ, timeout=_SECONDS)


def plist_path(environ: Mapping[str, str]) -> Path:
    """Where the user's launchd looks for the job."""
    return paths.launchd_agent_dir(environ) / f"{LABEL}.plist"


def log_path(environ: Mapping[str, str]) -> Path:
    """Where launchd writes what the daemon logs."""
    return paths.home(environ) / "Library/Logs/acd.log"


def rendered(environ: Mapping[str, str], python: Path) -> bytes:
    """The property list as it is installed."""
    text = resource(f"packaging/launchd/{LABEL}.plist").read_text("utf-8")
    for mark, path in (
        ("@PYTHON@", python),
        ("@SOCKET@", paths.socket_path(environ, platform="darwin")),
        ("@LOG@", log_path(environ)),
    ):
        text = text.replace(mark, escape(str(path)))
    return text.encode()


def install_steps(environ: Mapping[str, str], launchd: Launchd, python: Path) -> list[Step]:
    """What makes launchd hold the socket and start this program."""
    path, content = plist_path(environ), rendered(environ, python)
    if launchd.holds_job and path.is_file() and path.read_bytes() == content:
        return [EndJob(launchd)]
    written = WriteFile(path, content, "the job: launchd holds the socket")
    return [written, Load(environ, launchd, path)]


def uninstall_steps(environ: Mapping[str, str], launchd: Launchd) -> list[Step]:
    """What takes the job out, with or without a launchd that answers."""
    steps: list[Step] = []
    if launchd.holds_job:
        steps.append(Unload(launchd))
    there = tuple(path for path in (plist_path(environ), log_path(environ)) if path.exists())
    if there:
        steps.append(Remove(there, "the launchd job"))
    return steps


@dataclass(frozen=True)
class Load:
    """The socket to launchd, from a daemon that a hook started or from an earlier job."""

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
        return f"Service: launchd holds {path}; the first line starts the daemon"


@dataclass(frozen=True)
class Unload:
    """The job out of launchd, which ends the daemon."""

    launchd: Launchd

    def describe(self) -> str:
        return f"run launchctl bootout {self.launchd.domain}/{LABEL}"

    def execute(self) -> None:
        self.launchd.unload()


@dataclass(frozen=True)
class EndJob:
    """The running daemon ended in order, so that the next line starts this version."""

    launchd: Launchd

    def describe(self) -> str:
        return f"run launchctl kill SIGTERM {self.launchd.domain}/{LABEL}; its socket stays open"

    def execute(self) -> None:
        self.launchd.end_daemon()
