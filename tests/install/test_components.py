"""Each component is missing before an install, current after it, and removed by uninstall."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from acd.install import shell
from acd.install.component import Component
from acd.install.hooks import Hooks
from acd.install.program import Program
from acd.install.service import Service
from acd.install.status_line import AgentStatusLine, able_agents
from testing.user_home import User


def status_line(user: User) -> AgentStatusLine:
    [(agent, line)] = able_agents().items()
    return AgentStatusLine(user.environ, agent, line, asked=True)


COMPONENTS: dict[str, Callable[[User], Component]] = {
    "hooks": lambda user: Hooks(user.environ, "claude-code"),
    "status line": status_line,
    "manual": lambda user: shell.manual(user.environ),
    "completions": lambda user: shell.completions(user.environ),
    "program": lambda user: Program(user.environ),
}


@pytest.mark.parametrize("make", COMPONENTS.values(), ids=COMPONENTS)
def test_an_installed_component_needs_no_step_until_it_is_removed(
    user: User, make: Callable[[User], Component]
) -> None:
    (user.home / ".zfunc").mkdir()
    assert make(user).plan().steps != []
    user.install("--statusline")
    assert make(user).plan().steps == []
    user.uninstall()
    assert make(user).plan().steps != []


@pytest.mark.parametrize("make", COMPONENTS.values(), ids=COMPONENTS)
def test_a_removed_component_needs_no_step_until_it_is_installed(
    user: User, make: Callable[[User], Component]
) -> None:
    (user.home / ".zfunc").mkdir()
    assert make(user).remove().steps == []
    user.install("--statusline")
    assert make(user).remove().steps != []
    user.uninstall()
    assert make(user).remove().steps == []


@pytest.mark.parametrize("make", COMPONENTS.values(), ids=COMPONENTS)
def test_a_component_is_current_while_it_is_installed(
    user: User, make: Callable[[User], Component]
) -> None:
    (user.home / ".zfunc").mkdir()
    assert make(user).inspect().state in {"missing", "stale"}
    user.install("--statusline")
    assert make(user).inspect().state == "current"
    user.uninstall()
    assert make(user).inspect().state in {"missing", "stale"}


def test_the_service_needs_no_removal_until_its_daemon_has_made_state(user: User) -> None:
    assert Service(user.environ).remove().steps == []
    user.install()
    assert Service(user.environ).remove().steps != []
    user.uninstall()
    assert Service(user.environ).remove().steps == []


def test_without_a_service_manager_there_is_no_service(user: User) -> None:
    service = Service(user.environ)
    assert service.inspect().state == "missing"
    assert not service.plan().service_starts
    assert service.remove().steps == []
