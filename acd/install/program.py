"""The component of acd's program: its hook's files, and on removal all that install.sh made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from acd import paths
from acd.client.launch import daemon_command
from acd.errors import AcdError
from acd.install import resources
from acd.install.bytecode import Compile
from acd.install.component import ComponentReport, Plan
from acd.install.steps import RemoveFiles, WriteFile


class Program:
    """The hook and the status line beside it; install.sh makes the rest of the program."""

    def __init__(self, environ: Mapping[str, str]):
        self._data = paths.data_dir(environ)
        self._link = paths.bin_link(environ)

    def plan(self) -> Plan:
        return Plan([*self._outdated()])

    def inspect(self) -> ComponentReport:
        try:
            outdated = [str(step.path) for step in self._outdated()]
        except AcdError as error:
            return ComponentReport("unknown", self._data, (error.message,))
        if not outdated:
            return ComponentReport("current", self._data)
        return ComponentReport(
            "stale", self._data, (f"not this version's hook: {', '.join(outdated)}",)
        )

    def remove(self) -> Plan:
        found = tuple(self._installed())
        return Plan([RemoveFiles(found, "the program", (self._data,))] if found else [])

    def _outdated(self) -> list[WriteFile | Compile]:
        """Returns what writes the files that are missing or not this version's, bytecode last."""
        files = [
            WriteFile(self._data / source.name, source.read_bytes(), "the hook")
            for source in resources.hook_files()
        ]
        written = [step for step in files if step.is_needed()]
        new = {step.path.name for step in written}
        modules = [Compile(self._data / name) for name in resources.HOOK_MODULES]
        return [
            *written,
            *(each for each in modules if each.source.name in new or each.is_needed()),
        ]

    def _installed(self) -> Iterator[Path]:
        """Yields the program's files, those of install.sh too."""
        # Another `acd` is not ours; our link may be dangling.
        if self._link.is_symlink() and self._link.readlink() == self._data / "venv/bin/acd":
            yield self._link
        if self._data.is_dir():
            names = {*resources.HOOK_FILES, "__pycache__", "venv", "venv.new"}
            yield from sorted(
                path
                for path in self._data.iterdir()
                if path.name in names or path.name.startswith("venv-")
            )


def program_python() -> Path:
    """Returns the interpreter of this program, by the path that outlasts an upgrade.

    An upgrade removes the path that holds a version. It may leave the unit as it
    is: with --no-service, or where no service manager answers.
    """
    return Path(daemon_command()[0])
