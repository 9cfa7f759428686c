"""The three levels of the units' sandbox.

A unit's template holds all lines, in parts headed `# --- Sandbox: LEVEL.`; a
weaker level leaves parts out. The first line of an installed unit of a weaker
level holds the level and the reason, and nothing else records them.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

Level = Literal["full", "reduced", "minimal"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""The strongest first. full: all lines; reduced: those that need no user
namespace; minimal: NoNewPrivileges and the system call filter only."""

_PART: Final = re.compile(rf"# --- Sandbox: ({'|'.join(LEVELS)})\.")
_MARK: Final = re.compile(rf"# Sandbox: ({'|'.join(LEVELS[1:])}), because (.*)\n")
_SETTING: Final = re.compile(r"[A-Z][A-Za-z]+=")

_EXIT_STATUS: Final[Mapping[int, str]] = {
    203: "203/EXEC, its program cannot be run",
    217: "217/USER, no user namespace can be made",
    218: "218/CAPABILITIES, its capabilities cannot be changed",
    225: "225/NETWORK, no network namespace can be made",
    226: "226/NAMESPACE, its namespaces cannot be set up",
    228: "228/SECCOMP, its system call filter cannot be set",
}
"""The meanings of systemd's own exit statuses (systemd.exec(5), PROCESS EXIT CODES)."""


@dataclass(frozen=True)
class Sandbox:
    """The level of a unit's sandbox."""

    level: Level = "full"
    why: str = ""
    """The reason why it is not stronger; empty for `full`."""

    def __str__(self) -> str:
        return f"{self.level}, because {self.why}" if self.why else self.level


def at_level(template: str, sandbox: Sandbox) -> str:
    """Returns the unit's text with the parts of that level."""
    kept = LEVELS[LEVELS.index(sandbox.level) :]
    lines = [line for line, part in _by_part(template) if part is None or part in kept]
    mark = f"# Sandbox: {sandbox}\n" if sandbox.why else ""
    return mark + "".join(lines)


def read_level(unit: str) -> Sandbox:
    """Returns the level of an installed unit, by its first line."""
    if match := _MARK.match(unit):
        return Sandbox(match[1], match[2])  # type: ignore[arg-type] # the pattern is of levels
    return Sandbox()


def directives(template: str, level: Level) -> list[str]:
    """Returns the `Name=value` lines of that level's sandbox."""
    kept = LEVELS[LEVELS.index(level) :]
    return [line.strip() for line, part in _by_part(template) if part in kept and _is_setting(line)]


def failure(result: str, code: str, status: str) -> str:
    """Returns why a unit failed, by its properties Result, ExecMainCode and ExecMainStatus."""
    number = int(status)
    if code == "1":  # CLD_EXITED, waitid(2)
        return _EXIT_STATUS.get(number, f"exit status {number}")
    if code in {"2", "3"}:  # CLD_KILLED, CLD_DUMPED
        return f"ended by signal {number} ({signal.strsignal(number)})"
    return f"result {result}"


def _by_part(template: str) -> Iterator[tuple[str, Level | None]]:
    """Yields each line with the level of its part; None outside of the sandbox."""
    part: Level | None = None
    for line in template.splitlines(keepends=True):
        if match := _PART.match(line):
            part = match[1]  # type: ignore[assignment] # the pattern is of levels
        elif line.startswith("["):
            part = None
        yield line, part


def _is_setting(line: str) -> bool:
    return _SETTING.match(line) is not None
