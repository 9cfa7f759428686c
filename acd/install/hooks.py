"""The component of one agent's hooks."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from acd import paths
from acd.agents.catalog import AGENTS
from acd.agents.installer import Trust
from acd.agents.settings import hook_entries
from acd.errors import AcdError
from acd.install import agents
from acd.install.component import ComponentReport, Plan
from acd.install.hook_command import guarded_command, real_python
from acd.install.program import Program
from acd.install.settings import AddToSettings, RemoveFromSettings, put_hooks, remove_hooks


class Hooks:
    """The hooks of one agent.

    `seen_version` is the newest version of the agent's program that the daemon has
    seen in use. With `trust` the plan has a step that trusts the hooks, for an
    agent that runs reviewed hooks only.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        agent: str,
        seen_version: str | None = None,
        *,
        trust: bool = False,
    ):
        self.agent = agent
        self.settings = agents.settings(environ, agent)
        self._environ = environ
        self._installer = agents.installer(agent)
        self._seen_version = seen_version
        self._gives_trust = trust

    @functools.cached_property
    def wanted(self) -> Mapping[str, hook_entries.HookEntry]:
        """The entry of each event, as it should be now. Raises AcdError."""
        script = paths.data_dir(self._environ) / hook_entries.HOOK_FILE
        command = guarded_command(real_python(), script, self.agent)
        if self._installer.trust is not None:
            # Another command would have to be reviewed again, so one that works is kept.
            command = self._working_command(script) or command
        return self._installer.hooks(self._environ, command, self._seen_version)

    @property
    def command(self) -> str:
        """The command of the hooks."""
        return str(next(iter(self.wanted.values()))["command"])

    def unsupported(self) -> str:
        """Returns why an agent whose program supports none of the events gets no hooks."""
        return (
            f"The installed {AGENTS[self.agent].title} has no event that acd can use, so it gets"
            f" no hooks: {self._installer.update}"
        )

    def plan(self) -> Plan:
        if not self.wanted:
            return Plan(notes=[f"{self.unsupported()}, then run acd install again"])
        plan = Plan()
        put = put_hooks(self.settings, self.wanted)
        if put.is_needed():
            plan.steps.append(put)
            plan.notes += self._moved(put)
        plan.notes += self._client_problems()
        if self._installer.trust is not None:
            self._plan_trust(plan, self._installer.trust)
        return plan

    def remove(self) -> Plan:
        step = remove_hooks(self.settings)
        is_needed = step.is_needed() or self.settings.has_useless_backup()
        return Plan([step], [*self._moved(step)]) if is_needed else Plan()

    def inspect(self) -> ComponentReport:
        path = self.settings.path
        try:
            wanted = self.wanted
        except AcdError as error:
            return ComponentReport("unknown", paths.data_dir(self._environ), (error.message,))
        try:
            text, found = self.settings.text(), self.settings.hooks()
        except AcdError as error:
            return ComponentReport("unknown", path, (error.message.removeprefix(f"{path}, "),))
        if not wanted:
            return ComponentReport("stale" if found else "missing", path, (self.unsupported(),))
        if not found:
            return ComponentReport("missing", path, ("no hooks of acd in it",))
        if reasons := tuple(self._differences(text, found)):
            return ComponentReport("stale", path, reasons)
        if self._installer.trust is not None:
            return self._inspect_trust(self._installer.trust)
        return ComponentReport("current", path)

    def _differences(self, text: str, found: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
        """Yields what differs from what `acd install` would install, in words."""
        if hook_entries.hooks_disabled(text):
            yield f"{hook_entries.DISABLE} is set, so none of them runs"
        entries = itertools.chain.from_iterable(found.values())
        words = {word for entry in entries for word in hook_entries.words_of(entry)}
        for path in sorted(Path(word) for word in words if word.startswith("/")):
            if not path.exists():
                yield f"{path} is gone"
        if missing := self.wanted.keys() - found.keys():
            yield f"no hook on {_listed(missing)}"
        if surplus := found.keys() - self.wanted.keys():
            yield f"a hook that the installed client may not support, on {_listed(surplus)}"
        both = self.wanted.keys() & found.keys()
        if outdated := {event for event in both if found[event] != [self.wanted[event]]}:
            yield f"an outdated hook on {_listed(outdated)}"
        yield from Program(self._environ).inspect().reasons

    def _working_command(self, script: Path) -> str | None:
        """Returns the command of the installed hooks, if all have the same and its Python runs."""
        try:
            found = self.settings.hooks()
        except AcdError:
            return None
        commands = {str(entry.get("command")) for each in found.values() for entry in each}
        if len(commands) != 1:
            return None
        [command] = commands
        words = [Path(word) for word in hook_entries.words_of({"command": command})]
        pythons = {word for word in words if word.is_absolute() and word != script}
        is_whole = all(command == guarded_command(each, script, self.agent) for each in pythons)
        can_run = all(os.access(python, os.X_OK) for python in pythons)
        return command if pythons and is_whole and can_run else None

    def _moved(self, step: AddToSettings | RemoveFromSettings) -> Iterator[str]:
        """Yields what the step means for hooks of others, if anything."""
        if self._installer.moved is not None:
            before = self.settings.content()
            if note := self._installer.moved(before, step.result(before)):
                yield note

    def _client_problems(self) -> Iterator[str]:
        """Yields problems of the agent's programs, with their remedies."""
        clients = self._installer.clients
        for finding in clients(self._environ, self._seen_version) if clients is not None else ():
            if finding.severity == "problem":
                yield f"{self.settings.title} {finding.message}: {finding.hint}"

    def _plan_trust(self, plan: Plan, trust: Trust) -> None:
        if not plan.steps and not trust.untrusted(self._environ):
            return
        if self._gives_trust:
            plan.steps.append(trust.give(self._environ))
        else:
            plan.notes.append(
                f"{self.settings.title} runs none of these hooks before you trust them:"
                f" {trust.review}; acd install --trust does it for you"
            )

    def _inspect_trust(self, trust: Trust) -> ComponentReport:
        path = self.settings.path
        try:
            untrusted = trust.untrusted(self._environ)
        except AcdError as error:
            return ComponentReport("unknown", path, (error.message,))
        if not untrusted:
            return ComponentReport("current", path)
        all_of_them = len(untrusted) == len(self.wanted)
        which = "runs none of them" if all_of_them else f"does not run {_listed(set(untrusted))}"
        return ComponentReport(
            "untrusted", path, (f"{self.settings.title} {which}: {trust.review}",)
        )


def _listed(events: set[str]) -> str:
    return ", ".join(sorted(events))
