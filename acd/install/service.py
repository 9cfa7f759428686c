"""The component of the background service, and the choice of the service manager."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping

from acd import config, paths
from acd.errors import AcdError, ConfigError
from acd.install.component import Plan
from acd.install.daemon import EndDaemon
from acd.install.launchd import Launchd, LaunchdService
from acd.install.service_manager import NoManager, ServiceManager, ServiceReport
from acd.install.state_files import RemoveState, state_files
from acd.install.systemd.manager import UserManager
from acd.install.systemd.service import SystemdService
from acd.system import environment, runtime_dir


def service_manager(environ: Mapping[str, str]) -> ServiceManager:
    """Returns the service manager of this system. The service does not use ACD_SOCKET."""
    environ = environment.without_socket(environ)
    if sys.platform == "darwin":
        launchd = Launchd(environ)
        job = LaunchdService(environ, launchd)
        if launchd.domain is not None:
            return job
        return NoManager(job.plist, "launchd does not answer", job.remove())
    manager = UserManager(environ)
    units = SystemdService(environ, manager)
    if manager.answers:
        return units
    return NoManager(units.directory, "no service manager answers", units.remove())


class Service:
    """The background service, with the state that the daemon makes beside its socket.

    Without a service a running daemon is ended, so that the next request starts this version.
    """

    def __init__(self, environ: Mapping[str, str], *, wanted: bool = True):
        self._environ = environ
        self._wanted = wanted

    @functools.cached_property
    def manager(self) -> ServiceManager:
        """The service manager."""
        return service_manager(self._environ)

    def plan(self) -> Plan:
        plan = self._plan_manager() if self._wanted else Plan()
        if not plan.service_starts and runtime_dir.is_running(paths.socket_path(self._environ)):
            plan.steps.append(EndDaemon(self._environ))
        return plan

    def inspect(self) -> ServiceReport:
        return self.manager.inspect()

    def remove(self) -> Plan:
        plan = Plan(self.manager.remove())
        # The service's socket, and the one that ACD_SOCKET names.
        usual = paths.socket_path(environment.without_socket(self._environ))
        for socket in dict.fromkeys((usual, paths.socket_path(self._environ))):
            is_ours = socket != usual or not self.manager.serves_another_home
            if is_ours and state_files(socket):
                plan.steps.append(RemoveState(socket))
        return plan

    def _plan_manager(self) -> Plan:
        plan = Plan()
        try:
            wanted = config.load(paths.config_path(self._environ)).notify
        except ConfigError as error:
            plan.notes.append(f"{error.message}; notifications stay as they are")
            plan.add(self.manager.plan(notify=self.manager.has_notifier))
            return plan
        if wanted.desktop and (problem := self._desktop_problem()) is not None:
            plan.notes.append(problem)
        plan.add(self.manager.plan(notify=wanted.is_on))
        return plan

    def _desktop_problem(self) -> str | None:
        """Returns what a notification on the desktop lacks, with the remedy."""
        from acd.notify.desktop import desktop  # 20 ms with D-Bus

        try:
            desktop(self._environ, sound=False)
        except AcdError as error:
            return f"{error.message}; {error.hint}"
        return None
