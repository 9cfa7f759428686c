"""A real `systemd --user` of a test user in namespaces, and commands that run in there."""

from __future__ import annotations

import itertools
import os
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from testing.closing import Closing

USER = "acdtest"
UID = 4242
HOME = Path("/home", USER)
"""The user's home inside of the namespaces; NamespaceManager.home is its path outside."""
RUNTIME = Path("/run/user", str(UID))

_INIT = Path(__file__).with_name("namespace_init.py")
_USER_NAMESPACE = Path(__file__).with_name("user_namespace.py")
_LIMIT = "/proc/sys/user/max_user_namespaces"
_READY_SECONDS = 30
_END_SECONDS = 10
# Variables by which pip reaches this machine's package index.
_NETWORK_PREFIXES = ("PIP_", "SSL_CERT_", "REQUESTS_CA_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")

_numbers = itertools.count()


def _cgroup2() -> Path | None:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup2" and "rw" in options.split(","):
            return Path(where)
    return None


def why_unavailable() -> str | None:
    """Why a NamespaceManager cannot run on this machine; None if it can."""
    if sys.platform != "linux":
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root, to make namespaces and a user in them"
    if _cgroup2() is None:
        return "needs a writable cgroup2 file system"
    missing = [
        program
        for program in ("systemctl", "dbus-daemon", "unshare", "nsenter", "setpriv", "mount")
        if shutil.which(program) is None
    ]
    return f"needs {', '.join(missing)}" if missing else None


class NamespaceManager(Closing):
    """A running manager. Its `with` or close() ends it."""

    def __init__(self, template: Path | None = None, *, restricted: bool = False) -> None:
        """Starts it, with a copy of the directory `template` or an empty one as the home.

        With `restricted`, no process in there can make a user namespace until
        allow_user_namespaces(). Raises RuntimeError with the log if it does not start.
        """
        self._restricted = restricted
        cgroup2 = _cgroup2()
        assert cgroup2 is not None, why_unavailable()
        # The test user has to enter it; pytest's directories are closed to other users.
        self._directory = Path(tempfile.mkdtemp(prefix="acd-system-"))
        self._directory.chmod(0o711)
        self._cgroup = cgroup2 / f"acd-test-{os.getpid()}-{next(_numbers)}"
        self._cgroup.mkdir()
        self._log = self._directory / "log"
        with self._log.open("w") as log:
            self._launcher = subprocess.Popen(
                [
                    *("sh", "-c", 'echo $$ >"$0" && exec "$@"', str(self._cgroup / "cgroup.procs")),
                    # All processes end with this one, also if it is killed.
                    *("setpriv", "--pdeathsig=KILL"),
                    *((sys.executable, "-I", str(_USER_NAMESPACE)) if restricted else ()),
                    *("unshare", "--mount", "--propagation=private", "--cgroup", "--pid"),
                    *("--fork", "--kill-child=KILL"),
                    *(sys.executable, "-I", str(_INIT), str(self._directory), USER, str(UID)),
                    *([] if template is None else [str(template)]),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._init_pid = self._wait_until_ready()
            if restricted:
                self.allow_user_namespaces(allowed=False)
            self.home = Path(f"/proc/{self._init_pid}/root{HOME}")
            self.run("systemctl", "--user", "is-system-running", "--wait")
        except BaseException:
            self.close()
            raise

    def _wait_until_ready(self) -> int:
        assert self._launcher.stdout is not None
        if select.select([self._launcher.stdout], [], [], _READY_SECONDS)[0] and (
            line := self._launcher.stdout.readline()
        ):
            return int(line)
        raise RuntimeError(f"the user manager did not start:\n{self._log.read_text()}")

    def popen(
        self, *command: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Starts a command as the user, in the home, with pipes for its standard streams."""
        return self._popen([*self._as_user(environment or {}), *command])

    def run(
        self,
        *command: str,
        input: str = "",
        check: bool = True,
        environment: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command as the user, with the directory and variables of a login.

        With `check`, raises AssertionError with the output unless its status is 0.
        """
        return self._run(self._as_user(environment or {}), command, input, check, timeout)

    def root(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a command as root in the namespaces."""
        environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
        return self._run([*self._enter("init.scope"), *environment], command, "", check, 60)

    def allow_user_namespaces(self, *, allowed: bool) -> None:
        """Sets whether processes of a `restricted` manager can make user namespaces."""
        assert self._restricted, "this would change the machine's limit"
        self.root("sh", "-c", f"echo {1000 if allowed else 0} >{_LIMIT}")

    def close(self) -> None:
        """Ends every process in there and removes its files. A second call does nothing."""
        if self._cgroup.exists():
            (self._cgroup / "cgroup.kill").write_text("1")
            self._launcher.wait(_END_SECONDS)
            self._wait_until_empty()
            for group, _, _ in os.walk(self._cgroup, topdown=False):
                Path(group).rmdir()
        if self._launcher.stdout is not None:
            self._launcher.stdout.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _wait_until_empty(self) -> None:
        # cgroups(7): poll(2) reports a change of cgroup.events as POLLPRI.
        with (self._cgroup / "cgroup.events").open() as events:
            poller = select.poll()
            poller.register(events, select.POLLPRI)
            while "populated 1" in events.read():
                assert poller.poll(_END_SECONDS * 1000), "killed processes did not end"
                events.seek(0)

    def _enter(self, group: str) -> list[str]:
        procs = self._cgroup / group / "cgroup.procs"
        namespaces = ["--target", str(self._init_pid), "--mount", "--pid", "--cgroup"]
        if self._restricted:
            namespaces.append("--user")
        return ["sh", "-c", 'echo $$ >"$0" && exec nsenter "$@"', str(procs), *namespaces, "--"]

    def _as_user(self, environment: Mapping[str, str]) -> list[str]:
        variables = {
            name: value
            for name, value in os.environ.items()
            if name.upper().startswith(_NETWORK_PREFIXES)
        } | {
            "PATH": f"{HOME}/.local/bin:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "HOME": str(HOME),
            "USER": USER,
            "LOGNAME": USER,
            "SHELL": "/bin/sh",
            "XDG_RUNTIME_DIR": str(RUNTIME),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={RUNTIME}/bus",
            **environment,
        }
        return [
            *self._enter(f"user.slice/user-{UID}.slice/session-1.scope"),
            *("setpriv", f"--reuid={UID}", f"--regid={UID}", "--init-groups"),
            *("env", "-i", f"--chdir={HOME}"),
            *(f"{name}={value}" for name, value in variables.items()),
        ]

    def _popen(self, command: list[str]) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        # nsenter keeps the working directory, which may be closed to the user.
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd="/")

    def _run(
        self, prefix: list[str], command: tuple[str, ...], input: str, check: bool, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        with self._popen([*prefix, *command]) as process:
            try:
                output, errors = process.communicate(input, timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        if check and process.returncode != 0:
            raise AssertionError(
                f"{shlex.join(command)}\nstatus {process.returncode}\n{output}\n{errors}"
            )
        return subprocess.CompletedProcess(command, process.returncode, output, errors)
