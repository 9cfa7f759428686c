"""Each component is missing before an install, current after it, and removed by uninstall."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from acd.install import shell
from acd.install.component import Component
from acd.install.hooks import Hooks
from acd.install.program import Program
from acd.install.service import Service
from acd.install.state_files import DaemonState
from acd.install.status_line import AgentStatusLine, able_agents
from testing.user_home import User


def status_line(user: User) -> Component:
    [(agent, line)] = able_agents().items()
    return AgentStatusLine(user.environ, agent, line)


COMPONENTS: dict[str, Callable[[User], Component]] = {
    "hooks": lambda user: Hooks(user.environ, "claude-code"),
    "status line": status_line,
    "manual": lambda user: shell.manual(user.environ),
    "completions": lambda user: shell.completions(user.environ),
    "program": lambda user: Program(user.environ),
    "state": lambda user: DaemonState(user.socket),
}


@pytest.mark.parametrize("make", COMPONENTS.values(), ids=COMPONENTS)
def test_a_component_is_installed_and_removed(
    user: User, make: Callable[[User], Component]
) -> None:
    (user.home / ".zfunc").mkdir()
    assert make(user).inspect().state in {"missing", "stale"}
    user.install("--statusline")
    assert make(user).inspect().state == "current"
    assert make(user).plan().steps == []
    user.uninstall()
    assert make(user).inspect().state in {"missing", "stale"}
    assert make(user).remove().steps == []


def test_without_a_service_manager_there_is_no_service(user: User) -> None:
    service = Service(user.environ)
    assert service.inspect().state == "missing"
    assert not service.plan().service_starts
    assert service.remove().steps == []
