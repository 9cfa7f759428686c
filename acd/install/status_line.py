"""The component of one agent's status line."""

from __future__ import annotations

from collections.abc import Mapping

from acd import paths
from acd.agents.installer import StatusLine
from acd.errors import AcdError
from acd.install import agents
from acd.install.component import ComponentReport, Plan
from acd.install.hook_command import guarded_command, real_python
from acd.install.settings import AddToSettings, put_status_line, remove_status_line


class AgentStatusLine:
    """acd's status line in an agent's settings; `asked` is whether the user wants it set.

    One that is acd's already is kept up to date without being asked for.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        agent: str,
        status_line: StatusLine,
        *,
        asked: bool = False,
    ):
        self._environ = environ
        self._settings = agents.settings(environ, agent)
        self._status_line = status_line
        self._asked = asked

    def plan(self) -> Plan:
        owner = self._owner()
        if self._asked and owner == "other":
            return Plan(
                notes=[
                    f"{self._settings.path} has a statusLine of its own, which stays;"
                    f" docs/integrations/{self._settings.agent}.md shows how to add acd's to it"
                ]
            )
        step = self.step()
        is_wanted = self._asked or owner == "acd"
        return Plan([step]) if is_wanted and step.is_needed() else Plan()

    def inspect(self) -> ComponentReport:
        path = self._settings.path
        try:
            owner = self._owner()
            is_outdated = owner == "acd" and self.step().is_needed()
        except AcdError as error:
            return ComponentReport("unknown", path, (error.message,))
        if owner == "acd":
            return ComponentReport("stale" if is_outdated else "current", path)
        return ComponentReport("foreign" if owner == "other" else "missing", path)

    def remove(self) -> Plan:
        step = remove_status_line(self._settings, self._status_line)
        return Plan([step]) if step.is_needed() else Plan()

    def step(self) -> AddToSettings:
        """Returns the step that sets it. Raises AcdError."""
        script = paths.data_dir(self._environ) / self._status_line.script
        return put_status_line(
            self._settings, self._status_line, guarded_command(real_python(), script)
        )

    def _owner(self) -> str:
        text = self._settings.text()
        with self._settings.located():
            return self._status_line.owner(text)


def able_agents() -> dict[str, StatusLine]:
    """Returns the agents that can have a status line, in the catalog's order."""
    from acd.agents.catalog import AGENTS

    found = {agent: agents.installer(agent).status_line for agent in AGENTS}
    return {agent: status_line for agent, status_line in found.items() if status_line is not None}
