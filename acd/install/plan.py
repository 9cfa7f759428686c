"""Plans an installation and its removal: the components, and their steps in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from acd import paths
from acd.agents.catalog import AGENTS
from acd.errors import AcdError
from acd.install import agents, shell
from acd.install.component import Component, Plan
from acd.install.daemon import seen_versions
from acd.install.hooks import Hooks
from acd.install.program import Program
from acd.install.self_test import SelfTest
from acd.install.service import Service
from acd.install.status_line import AgentStatusLine, able_agents
from acd.system import environment


@dataclass(frozen=True)
class Choice:
    """Which parts of an installation the user wants."""

    hooks: bool
    service: bool
    status_line: bool
    named: Sequence[str]
    """The agents that get hooks; empty for those that the user has."""
    trust: bool
    """Whether to trust acd's hooks for the user, where an agent asks for that."""
    manual: bool
    """The manual pages and the shells' completions."""


def install_plan(environ: Mapping[str, str], choice: Choice) -> Plan:
    """Returns what installs acd. A status line of acd's that exists is kept up to date.

    Raises AcdError for every known reason for which a step would fail.
    """
    need_home(environ)
    plan = Plan()
    if choice.service and (explicit := environ.get("ACD_SOCKET")):
        environ = environment.without_socket(environ)
        plan.notes.append(
            f"ACD_SOCKET ({explicit}) is not used for the service, which listens at"
            f" {paths.socket_path(environ)}; unset it to use that"
        )
    seen = seen_versions(environ) if choice.hooks else {}
    hooks = [
        Hooks(environ, agent, seen.get(agent), trust=choice.trust)
        for agent in (agents.chosen(environ, choice.named) if choice.hooks else ())
    ]
    for component in _chosen(environ, choice, hooks):
        plan.add(component.plan())
    hooked = next((each for each in hooks if each.wanted), None)
    if hooks and hooked is None and not (choice.service or choice.status_line or choice.manual):
        raise AcdError("; ".join(plan.notes))
    plan.notes += _without_status_line(choice)
    plan.steps.append(_self_test(environ, hooked, start=not plan.service_starts))
    return plan


def _chosen(environ: Mapping[str, str], choice: Choice, hooks: list[Hooks]) -> Iterator[Component]:
    """Yields the components that the user wants, in the order of their installation."""
    if choice.hooks or choice.status_line:
        yield Program(environ)
    yield Service(environ, wanted=choice.service)
    yield from hooks
    if choice.hooks or choice.status_line:
        for agent, status_line in able_agents().items():
            asked = choice.status_line and (not choice.named or agent in choice.named)
            yield AgentStatusLine(environ, agent, status_line, asked=asked)
    if choice.manual:
        yield shell.manual(environ)
        yield shell.completions(environ)


def _without_status_line(choice: Choice) -> Iterator[str]:
    able = able_agents().keys()
    if choice.status_line and choice.named and not able & set(choice.named):
        titles = " and ".join(AGENTS[agent].title for agent in able)
        yield f"Only {titles} has a status line that acd can set"


def _self_test(environ: Mapping[str, str], hooked: Hooks | None, *, start: bool) -> SelfTest:
    if hooked is None:
        return SelfTest(environ, start)
    return SelfTest(environ, start, hooked.command, agents.installer(hooked.agent).probe_event)


def uninstall_plan(environ: Mapping[str, str]) -> Plan:
    """Returns what removes all of acd that exists. Raises AcdError."""
    need_home(environ)
    plan = Plan()
    for component in _installed(environ):
        plan.add(component.remove())
    configuration = paths.config_path(environ)
    if configuration.exists():
        plan.notes.append(f"Your configuration stays: {configuration}")
    return plan


def _installed(environ: Mapping[str, str]) -> Iterator[Component]:
    """Yields all components, in the order of their removal."""
    # The hooks first: they would start the daemon again.
    for agent in AGENTS:
        yield Hooks(environ, agent)
    for agent, status_line in able_agents().items():
        yield AgentStatusLine(environ, agent, status_line)
    yield Service(environ)
    yield shell.manual(environ)
    yield shell.completions(environ)
    yield Program(environ)


def installer_lock_path(environ: Mapping[str, str]) -> Path:
    """Returns the installer's lock, beside the program's directory, which steps make and remove."""
    return paths.data_dir(environ).with_name("acd.lock")


def need_home(environ: Mapping[str, str]) -> None:
    """Raises AcdError where HOME is not an absolute path.

    Agents, shells and services use it, so the account's own home would be another one.
    """
    if not environ.get("HOME", "").startswith("/"):
        raise AcdError(
            "HOME is not set to an absolute path, and acd is installed below it",
            hint="set HOME to your home directory and run this again",
        )
