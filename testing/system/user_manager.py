"""A real `systemd --user` for an unprivileged test user, apart from everything.

Responsible for starting it in namespaces of its own, for running commands in
there as that user or as root, and for ending all of it. It knows nothing of acd.
"""

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
from typing import Self

USER = "acdtest"
UID = 4242
HOME = Path("/home", USER)
"""The user's home as the user sees it; UserManager.home is the same from outside."""
RUNTIME = Path("/run/user", str(UID))

_INIT = Path(__file__).with_name("namespace_init.py")
_USER_NAMESPACE = Path(__file__).with_name("user_namespace.py")
_LIMIT = "/proc/sys/user/max_user_namespaces"
_READY_SECONDS = 30
_END_SECONDS = 10
# How this machine reaches its package index; without it pip may reach none.
_NETWORK_PREFIXES = ("PIP_", "SSL_CERT_", "REQUESTS_CA_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")

_numbers = itertools.count()


def _cgroup2() -> Path | None:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup2" and "rw" in options.split(","):
            return Path(where)
    return None


def why_unavailable() -> str | None:
    """What keeps a UserManager from running here; None where it can run."""
    if sys.platform != "linux":
        return "systemd is Linux's"
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


class UserManager:
    """A booted manager. Use as a context manager, or call down()."""

    def __init__(self, template: Path | None = None, *, restricted: bool = False) -> None:
        """Boot it, the user's home as in the directory `template`, or empty.

        With `restricted` no process in there can make a user namespace, until
        allow_user_namespaces(). Raises RuntimeError, with what its processes
        wrote, if it does not start.
        """
        self._restricted = restricted
        cgroup2 = _cgroup2()
        assert cgroup2 is not None, why_unavailable()
        # The test user passes through; pytest's own directories are root's alone.
        self._directory = Path(tempfile.mkdtemp(prefix="acd-system-"))
        self._directory.chmod(0o711)
        self._cgroup = cgroup2 / f"acd-test-{os.getpid()}-{next(_numbers)}"
        self._cgroup.mkdir()
        self._log = self._directory / "log"
        with self._log.open("w") as log:
            self._launcher = subprocess.Popen(
                [
                    *("sh", "-c", 'echo $$ >"$0" && exec "$@"', str(self._cgroup / "cgroup.procs")),
                    # Should this process be killed, all that it started ends too.
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
            self.down()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

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
        """Start a command as the user, in their home, with pipes for its three streams."""
        return self._popen([*self._as_user(environment or {}), *command])

    def run(
        self,
        *command: str,
        input: str = "",
        check: bool = True,
        environment: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as the user, as a login would: in their home, with their buses.

        With `check` a status other than 0 raises AssertionError with the output.
        """
        return self._run(self._as_user(environment or {}), command, input, check, timeout)

    def root(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command as root in the namespaces."""
        environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
        return self._run([*self._enter("init.scope"), *environment], command, "", check, 60)

    def allow_user_namespaces(self, *, allowed: bool) -> None:
        """Set whether processes of a `restricted` manager can make user namespaces."""
        assert self._restricted, "the limit would be the machine's own"
        self.root("sh", "-c", f"echo {1000 if allowed else 0} >{_LIMIT}")

    def down(self) -> None:
        """End every process in there and remove what was made; once is enough."""
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
        # cgroups(7): a change of cgroup.events is told as POLLPRI.
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
        # nsenter keeps the directory it is in; the user may not even see ours.
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
