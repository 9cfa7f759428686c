"""What there is to do to have acd installed, or gone.

Responsible for looking at what is there and for the steps, in their order,
that lead from there to what is wanted; a step that is not needed is not in
the plan. It refuses to do anything (the steps do) and to print.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from acd import config, paths
from acd.agents.catalog import AGENTS
from acd.agents.installer import Step
from acd.agents.settings import hook_entries
from acd.agents.settings.hook_entries import HOOK_FILE
from acd.agents.settings.status_line import STATUS_LINE_FILE
from acd.client.blocking import daemon_command
from acd.errors import AcdError, ConfigError
from acd.install import agents, launchd, resources, shell, systemd
from acd.install.bytecode import Compile
from acd.install.daemon import EndDaemon, SelfTest
from acd.install.hook_command import guarded_command, hook_command, real_python
from acd.install.state_files import RemoveState, state_files
from acd.install.steps import PutHooks, PutStatusLine, Remove, TakeHooks, WriteFile
from acd.system import files, runtime_dir


@dataclass
class Plan:
    """Steps in their order, and what else the user should know."""

    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def lock_path(environ: Mapping[str, str]) -> Path:
    """Held while a plan is made and carried out: beside the program, which comes and goes."""
    return paths.data_dir(environ).with_name("acd.lock")


def program_python() -> Path:
    """The interpreter of this program, by the name that outlasts an upgrade.

    A unit that named one version would be left without it by an upgrade that
    leaves the service alone, or that finds no service manager.
    """
    return Path(daemon_command()[0])


def wanted_hooks(environ: Mapping[str, str], agent: str) -> PutHooks:
    """An agent's hooks as they should be now. Raises AcdError."""
    installer = agents.installer(agent)
    path = installer.settings(environ)
    hook = paths.data_dir(environ) / HOOK_FILE
    command = hook_command(real_python(), hook, agent)
    if installer.trust is not None:
        # Another command would have to be trusted anew: one that works is kept.
        command = _working_command(path, agent, hook) or command
    return PutHooks(
        path,
        agent,
        AGENTS[agent].title,
        installer.wanted(environ, command),
        installer.edited(environ) if installer.edited is not None else None,
    )


def no_events(agent: str) -> str:
    """Why an agent gets no hooks whose installed program knows none of the events."""
    return (
        f"The installed {AGENTS[agent].title} has no event that acd can use, so it gets no hooks:"
        f" {agents.installer(agent).update}"
    )


def _working_command(path: Path, agent: str, hook: Path) -> str | None:
    """The command of the installed hooks, if all have the same one and its Python is there."""
    try:
        there = hook_entries.installed(hook_entries.decode(files.read(path).content or b""), agent)
    except AcdError:
        return None
    commands = {str(handler.get("command")) for found in there.values() for handler in found}
    if len(commands) != 1:
        return None
    [command] = commands
    words = [Path(word) for word in hook_entries.words_of({"command": command})]
    pythons = [word for word in words if word.is_absolute() and word != hook]
    whole = all(command == hook_command(python, hook, agent) for python in pythons)
    is_there = all(os.access(python, os.X_OK) for python in pythons)
    return command if pythons and whole and is_there else None


def wanted_status_line(environ: Mapping[str, str], agent: str) -> PutStatusLine:
    """An agent's status line as it should be now, where it is ours."""
    command = guarded_command(real_python(), paths.data_dir(environ) / STATUS_LINE_FILE)
    return PutStatusLine(
        agents.installer(agent).settings(environ),
        agent,
        AGENTS[agent].title,
        {"type": "command", "command": command},
    )


def outdated_hook_files(environ: Mapping[str, str]) -> list[WriteFile | Compile]:
    """The hook's files that are missing or not this version's, bytecode last."""
    directory = paths.data_dir(environ)
    written = [
        WriteFile(directory / source.name, content, "the hook")
        for source in resources.hook_files()
        if (content := source.read_bytes()) != _content(directory / source.name)
    ]
    new = {step.path.name for step in written}
    modules = (Compile(directory / name) for name in resources.HOOK_MODULES)
    return [*written, *(each for each in modules if each.source.name in new or each.is_needed())]


@dataclass(frozen=True)
class Choice:
    """Which parts of an installation are wanted."""

    hooks: bool
    service: bool
    status_line: bool
    named: Sequence[str]
    """The agents that get hooks; empty for those that are here."""
    trust: bool
    """Whether to speak for the user, where an agent asks whether to trust hooks."""
    manual: bool
    """The manual pages and the shells' completions."""


def install_plan(environ: Mapping[str, str], choice: Choice) -> Plan:
    """What leads to an installed acd. A status line of ours that is there is kept current.

    Raises AcdError for what would keep a step from being done, as far as it can be told.
    """
    hooks, service, status_line = choice.hooks, choice.service, choice.status_line
    need_home(environ)
    plan = Plan()
    if service and (explicit := environ.get("ACD_SOCKET")):
        plan.notes.append(
            f"ACD_SOCKET ({explicit}) is not used for the service, which listens at"
            f" {paths.socket_path(paths.without_socket(environ))}; unset it to reach that"
        )
        environ = paths.without_socket(environ)
    command = None
    if hooks or status_line:
        plan.steps += outdated_hook_files(environ)
    puts = []
    for agent in agents.chosen(environ, choice.named) if hooks else ():
        if (put := wanted_hooks(environ, agent)).wanted:
            puts.append(put)
        else:
            plan.notes.append(f"{no_events(agent)}, then run acd install again")
    if puts:
        command = str(next(iter(puts[0].wanted.values()))["command"])
    elif hooks and not (service or status_line or choice.manual):
        raise AcdError("; ".join(plan.notes))
    has_manager = service and _plan_service(plan, environ)
    if not has_manager and runtime_dir.is_running(paths.socket_path(environ)):
        plan.steps.append(EndDaemon(environ))
    for put in puts:
        if put.is_needed():
            plan.steps.append(put)
        plan.notes += _client_notes(environ, put)
        _plan_trust(plan, environ, put, give=choice.trust)
    if hooks or status_line:
        _plan_status_lines(plan, environ, choice.named, asked=status_line)
    if choice.manual:
        plan.steps += shell.outdated(environ)
    plan.steps.append(SelfTest(environ, command, start=not has_manager))
    return plan


def need_home(environ: Mapping[str, str]) -> None:
    """Raises AcdError where HOME names no place.

    Agents, shells and services go by it, so the account's own would be another one.
    """
    if not environ.get("HOME", "").startswith("/"):
        raise AcdError(
            "HOME is not set to an absolute path, and acd is installed below it",
            hint="set HOME to your home directory and run this again",
        )


def _client_notes(environ: Mapping[str, str], put: PutHooks) -> Iterator[str]:
    """What is wrong with the agent's programs, and what mends it."""
    check = agents.installer(put.agent).clients
    for finding in check(environ) if check is not None else ():
        if finding.severity == "problem":
            yield f"{put.name} {finding.message}: {finding.hint}"


def _plan_trust(plan: Plan, environ: Mapping[str, str], put: PutHooks, *, give: bool) -> None:
    trust = agents.installer(put.agent).trust
    if trust is None or not (put in plan.steps or trust.missing(environ)):
        return
    if give:
        plan.steps.append(trust.give(environ))
    else:
        plan.notes.append(
            f"{put.name} runs none of these hooks before you trust them: {trust.ask};"
            " acd install --trust does it for you"
        )


def _plan_service(plan: Plan, environ: Mapping[str, str]) -> bool:
    """Whether there is a service manager to start the daemon."""
    manager = _manager(environ)
    notify = _plan_notifications(plan, environ, manager)
    if isinstance(manager, systemd.UserManager):
        return _plan_units(plan, environ, manager, notify=notify)
    if isinstance(manager, launchd.Launchd):
        plan.steps += launchd.install_steps(environ, manager, program_python())
    else:
        plan.notes.append("No service manager answers here: the first hook starts the daemon.")
    return manager is not None


def _plan_units(
    plan: Plan, environ: Mapping[str, str], manager: systemd.UserManager, *, notify: bool
) -> bool:
    """Whether systemd starts the daemon at any level of its sandbox; the notes tell a weaker one.

    Where it starts it at none, what is wrong is not the sandbox: a unit without
    one would not start either, and hooks start the same daemon.
    """
    systemd.need_unit_directory(environ, manager)
    sandboxes = {}
    for unit in (systemd.SERVICE, systemd.NOTIFY) if notify else (systemd.SERVICE,):
        try:
            found = systemd.strongest_sandbox(manager, unit, program_python())
        except systemd.NotStartable as error:
            if unit == systemd.NOTIFY:
                plan.notes.append(f"{error.message}; have your session start: acd notify")
                continue
            plan.notes.append(f"{error.message}, so the first hook starts the daemon.")
            plan.steps += systemd.uninstall_steps(environ, manager)
            return False
        sandboxes[unit] = found
        if found.why:
            plan.notes.append(f"{unit} has the sandbox level {found}")
    plan.steps += systemd.install_steps(environ, manager, program_python(), sandboxes)
    return True


def _plan_notifications(
    plan: Plan, environ: Mapping[str, str], manager: systemd.UserManager | launchd.Launchd | None
) -> bool:
    """Whether notifications are configured; the notes tell what is left to the user."""
    try:
        wanted = config.load(paths.config_path(environ)).notify
    except ConfigError as error:
        # What the file meant is not known, so what is there stays.
        plan.notes.append(f"{error.message}; notifications stay as they are")
        return systemd.has_notifications(environ)
    if wanted.desktop and sys.platform != "darwin" and find_spec("jeepney") is None:
        plan.notes.append(
            "Notifications on the desktop need jeepney:"
            f" {program_python()} -m pip install 'jeepney>=0.8'"
        )
    if wanted.is_on and not isinstance(manager, systemd.UserManager):
        plan.notes.append("For notifications have your session start: acd notify")
    return wanted.is_on


def _plan_status_lines(
    plan: Plan, environ: Mapping[str, str], named: Sequence[str], *, asked: bool
) -> None:
    able = [agent for agent in AGENTS if agents.installer(agent).has_status_line]
    for agent in able:
        wanted = asked and (not named or agent in named)
        _plan_status_line(plan, wanted_status_line(environ, agent), asked=wanted)
    if asked and named and not set(able) & set(named):
        titles = " and ".join(AGENTS[agent].title for agent in able)
        plan.notes.append(f"Only {titles} has a status line that acd can set")


def _plan_status_line(plan: Plan, put: PutStatusLine, *, asked: bool) -> None:
    whose = put.whose()
    if asked and whose == "other":
        plan.notes.append(
            f"{put.path} has a statusLine of its own, which stays;"
            f" docs/integrations/{put.agent}.md tells how it can show acd's as well"
        )
    elif (asked or whose == "ours") and put.is_needed():
        plan.steps.append(put)


def _manager(environ: Mapping[str, str]) -> systemd.UserManager | launchd.Launchd | None:
    if sys.platform == "darwin":
        job = launchd.Launchd(environ)
        return job if job.domain else None
    manager = systemd.UserManager(environ)
    return manager if manager.answers else None


def uninstall_plan(environ: Mapping[str, str]) -> Plan:
    """What takes away all that is acd's, as far as it is there. Raises AcdError."""
    need_home(environ)
    plan = Plan()
    # Hooks first: they would start the daemon again.
    for agent in AGENTS:
        installer = agents.installer(agent)
        edited = installer.edited(environ) if installer.edited is not None else None
        take = TakeHooks(installer.settings(environ), agent, AGENTS[agent].title, edited)
        if take.is_needed():
            plan.steps.append(take)
    # The service's socket, and the one that ACD_SOCKET names.
    unset = paths.without_socket(environ)
    sockets = dict.fromkeys((paths.socket_path(unset), paths.socket_path(environ)))
    if sys.platform == "darwin":
        plan.steps += launchd.uninstall_steps(environ, launchd.Launchd(environ))
    else:
        manager = systemd.UserManager(unset)
        plan.steps += systemd.uninstall_steps(unset, manager)
        if systemd.serves_another_home(unset, manager):
            del sockets[paths.socket_path(unset)]
    plan.steps += [RemoveState(socket) for socket in sockets if any(state_files(socket))]
    if found := shell.there(environ):
        plan.steps.append(shell.RemoveShellFiles(found))
    if program := tuple(_program(environ)):
        plan.steps.append(Remove(program, "the program", paths.data_dir(environ)))
    configured = paths.config_path(environ)
    if configured.exists():
        plan.notes.append(f"Your configuration stays: {configured}")
    return plan


def _program(environ: Mapping[str, str]) -> Iterator[Path]:
    """The program's files that are there, by install.sh and by us."""
    data, link = paths.data_dir(environ), paths.bin_link(environ)
    # Somebody else's `acd` is none of ours; a link of ours may lead nowhere by now.
    if link.is_symlink() and link.readlink() == data / "venv/bin/acd":
        yield link
    if data.is_dir():
        own = {HOOK_FILE, *resources.HOOK_MODULES, STATUS_LINE_FILE}
        names = own | {"__pycache__", "venv", "venv.new"}
        yield from sorted(
            path for path in data.iterdir() if path.name in names or path.name.startswith("venv-")
        )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
