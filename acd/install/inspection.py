"""Compares what is installed with what `acd install` would install."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from acd.install import agents
from acd.install.component import ComponentReport
from acd.install.daemon import seen_versions
from acd.install.hooks import Hooks
from acd.install.service import Service
from acd.install.service_manager import ServiceReport
from acd.install.status_line import AgentStatusLine, able_agents


@dataclass(frozen=True)
class InstallReport:
    """The state of the hooks and of the service."""

    hooks: Mapping[str, ComponentReport]
    """Those of each agent that the user has, by its name; never empty."""
    service: ServiceReport


def inspect_installation(environ: Mapping[str, str]) -> InstallReport:
    """Returns the state of hooks and service in some tens of milliseconds. Raises nothing."""
    seen = seen_versions(environ)
    hooks = {
        agent: Hooks(environ, agent, seen.get(agent)).inspect() for agent in agents.chosen(environ)
    }
    return InstallReport(hooks, Service(environ).inspect())


def status_lines(environ: Mapping[str, str]) -> dict[str, str]:
    """Returns, in words, the owner of the status line of each present agent that can have one."""
    here = agents.chosen(environ)
    return {
        agent: _whose(AgentStatusLine(environ, agent, status_line).inspect())
        for agent, status_line in able_agents().items()
        if agent in here
    }


def _whose(report: ComponentReport) -> str:
    match report.state:
        case "current":
            return f"acd's, in {report.where}"
        case "stale":
            return f"acd's, in {report.where}, not as it should be; acd install repairs it"
        case "foreign":
            return f"another's, in {report.where}; acd statusline --help shows how to have both"
        case "missing":
            return f"none in {report.where}; acd install --statusline sets acd's"
        case _:
            return f"unknown: {'; '.join(report.reasons)}"
