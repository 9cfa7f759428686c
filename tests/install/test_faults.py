"""After any kill or full disk during an install each file is the old or the new one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from acd.agents.claude_code.events import AGENT
from acd.agents.installer import Step
from acd.install.settings import Settings, put_hooks, remove_hooks
from acd.install.steps import RemoveFiles, WriteFile
from testing import install_faults
from testing.settings_samples import ACCEPTED
from testing.settings_strategies import WANTED, handler

Files = dict[str, bytes]

ORIGINAL = ACCEPTED["foreign hooks on the same events"]


class InstalledFiles:
    """Settings, hook and unit of a user who installs, upgrades or uninstalls."""

    def __init__(self, root: Path):
        self.root = root
        self.settings = Settings(root / "claude/settings.json", AGENT.name, "Claude Code")
        self.hook = root / "data/acd_hook.py"
        self.unit = root / "units/acd.socket"

    def fill(self, files: Files) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def files(self) -> Files:
        found = (path for path in self.root.rglob("*") if path.is_file())
        return {str(path.relative_to(self.root)): path.read_bytes() for path in found}

    def install(self) -> None:
        _carry_out(
            WriteFile(self.hook, b"new hook", "the hook"),
            WriteFile(self.unit, b"new unit", "the unit"),
            put_hooks(self.settings, WANTED),
        )

    def uninstall(self) -> None:
        _carry_out(
            remove_hooks(self.settings),
            RemoveFiles((self.unit,), "the unit", (self.unit.parent,)),
            RemoveFiles((self.hook,), "the program", (self.hook.parent,)),
        )


def _carry_out(*steps: Step) -> None:
    for step in steps:
        step.execute()


def merged(
    installation: InstalledFiles, content: bytes, wanted: dict[str, dict[str, object]]
) -> bytes:
    """Returns the settings with hooks, as an undisturbed installer writes them."""
    installation.fill({"claude/settings.json": content})
    put_hooks(installation.settings, wanted).execute()
    return installation.settings.path.read_bytes()


def scenario(installation: InstalledFiles, name: str) -> tuple[Files, Callable[[], None]]:
    """Returns the files before, and what is done."""
    backup = installation.settings.backup.relative_to(installation.root)
    others = {"claude/.credentials.json": b"secret", "units/foreign.service": b"theirs"}
    installed = {"data/acd_hook.py": b"old hook", "units/acd.socket": b"old unit", **others}
    match name:
        case "first install":
            return {"claude/settings.json": ORIGINAL, **others}, installation.install
        case "upgrade":
            old = merged(installation, ORIGINAL, {event: handler("/old") for event in WANTED})
            return {
                "claude/settings.json": old,
                str(backup): ORIGINAL,
                **installed,
            }, installation.install
        case "uninstall":
            old = merged(installation, ORIGINAL, {event: handler("/old") for event in WANTED})
            return (
                {"claude/settings.json": old, str(backup): ORIGINAL, **installed},
                installation.uninstall,
            )
        case _:
            return others, installation.install


SCENARIOS = ("first install", "upgrade", "uninstall", "no settings yet")


@pytest.mark.slow  # one run for each system call
@install_faults.available
@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("what", ["signal=KILL", "error=ENOSPC"])
def test_after_any_fault_each_file_is_whole_and_a_second_run_completes(
    tmp_path: Path, name: str, what: str
) -> None:
    installation = InstalledFiles(tmp_path / "user")
    before, work = scenario(installation, name)
    installation.fill(before)
    work()
    after = installation.files()
    assert after != before
    installation.fill(before)
    tried = 0
    for fault in list(install_faults.faults(work, what, tmp_path)):
        installation.fill(before)
        status = install_faults.run_with(fault, work)
        assert status in ({-9} if "KILL" in what else {0, install_faults.REFUSED}), fault
        left = installation.files()
        unfinished = {file for file in left if file.endswith(".tmp")}
        # A killed run leaves temporary files, which the next one removes; a refused one none.
        assert "KILL" in what or not unfinished, fault
        for file in left.keys() - unfinished:
            assert left[file] in {before.get(file), after.get(file)}, f"{fault}: {file}"
        for file in before.keys() & after.keys():
            assert file in left, f"{fault}: {file} is gone"
        work()
        assert installation.files() == after, fault
        tried += 1
    assert tried > 15
