"""Each component is missing before an install, current after it, and removed by uninstall."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from acd.install import shell
from acd.install.component import Installable, Part, Removable
from acd.install.hooks import Hooks
from acd.install.program import Program
from acd.install.service import Service
from acd.install.state_files import DaemonState
from acd.install.status_line import AgentStatusLine, able_agents
from testing.user_home import User


def status_line(user: User) -> AgentStatusLine:
    [(agent, line)] = able_agents().items()
    return AgentStatusLine(user.environ, agent, line, asked=True)


def hooks(user: User) -> Hooks:
    return Hooks(user.environ, "claude-code")


INSTALLABLE: dict[str, Callable[[User], Installable]] = {
    "hooks": hooks,
    "status line": status_line,
    "manual": lambda user: shell.manual(user.environ),
    "completions": lambda user: shell.completions(user.environ),
    "program": lambda user: Program(user.environ),
}
REMOVABLE: dict[str, Callable[[User], Removable]] = {
    "hooks and status line": hooks,
    "manual": lambda user: shell.manual(user.environ),
    "completions": lambda user: shell.completions(user.environ),
    "program": lambda user: Program(user.environ),
    "state": lambda user: DaemonState(user.socket),
}
INSPECTED: dict[str, Callable[[User], Part]] = {
    "hooks": lambda user: hooks(user).inspect(),
    "status line": lambda user: status_line(user).inspect(),
    "program": lambda user: Program(user.environ).inspect(),
}


@pytest.mark.parametrize("make", INSTALLABLE.values(), ids=INSTALLABLE)
def test_an_installed_component_needs_no_step_until_it_is_removed(
    user: User, make: Callable[[User], Installable]
) -> None:
    (user.home / ".zfunc").mkdir()
    assert make(user).plan().steps != []
    user.install("--statusline")
    assert make(user).plan().steps == []
    user.uninstall()
    assert make(user).plan().steps != []


@pytest.mark.parametrize("make", REMOVABLE.values(), ids=REMOVABLE)
def test_a_removed_component_needs_no_step_until_it_is_installed(
    user: User, make: Callable[[User], Removable]
) -> None:
    (user.home / ".zfunc").mkdir()
    assert make(user).remove().steps == []
    user.install("--statusline")
    assert make(user).remove().steps != []
    user.uninstall()
    assert make(user).remove().steps == []


@pytest.mark.parametrize("inspect", INSPECTED.values(), ids=INSPECTED)
def test_a_component_is_current_while_it_is_installed(
    user: User, inspect: Callable[[User], Part]
) -> None:
    assert inspect(user).state in {"missing", "stale"}
    user.install("--statusline")
    assert inspect(user).state == "current"
    user.uninstall()
    assert inspect(user).state in {"missing", "stale"}


def test_without_a_service_manager_there_is_no_service(user: User) -> None:
    service = Service(user.environ)
    assert service.manager.inspect().part.state == "missing"
    assert not service.plan().service_starts
    assert service.remove().steps == []
