"""Process 1 of the namespaces of a test's service manager.

It creates what a login of an unprivileged user needs (/run, cgroups, journal, home,
passwd), and starts journald and `systemd --user`. All mounts are private to the
namespace.

Usage, as root in new mount, pid and cgroup namespaces with the old /proc:
`namespace_init.py DIRECTORY USER UID [TEMPLATE]`. It writes in DIRECTORY. The user's home
is in memory, a copy of the directory TEMPLATE or empty. It prints one line, its pid
outside of the namespaces, when the user's manager has sent READY=1.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

_PROGRAMS = Path("/usr/lib/systemd")
_BUS_SERVICES = Path("/usr/share/dbus-1/services")
_READY_SECONDS = 20
_CGROUPS = Path("/sys/fs/cgroup")
_USER_SLICE = _CGROUPS / "user.slice"
_JOURNALD = _CGROUPS / "system.slice/systemd-journald.service"


def main(directory: Path, user: str, uid: int, template: Path | None = None) -> None:
    outside_pid = str(Path("/proc/self").readlink())
    home = Path("/home", user)
    runtime = Path("/run/user", str(uid))
    manager_group = _USER_SLICE / f"user-{uid}.slice/user@{uid}.service"

    _hide_the_machine()
    _make_home(home, uid, template)
    _add_user(directory, user, uid, home)
    _lay_out_run(runtime, uid)
    Path("/var/log/journal").mkdir()
    _make_groups(manager_group, uid)
    _start_journald(uid)
    _start_manager(manager_group, user, uid, home, runtime)
    print(outside_pid, flush=True)
    with suppress(ChildProcessError):  # all have ended
        while True:
            os.wait()


def _hide_the_machine() -> None:
    """Mounts /proc and cgroups of the namespaces, and empty directories over the machine's."""
    _mount("-t", "proc", "proc", "/proc")
    # It fails in a user namespace, where outer mounts are locked
    # (mount_namespaces(7)); the new mount hides them.
    subprocess.run(["umount", "--recursive", "--lazy", str(_CGROUPS)], check=False)
    _mount("-t", "cgroup2", "none", str(_CGROUPS))
    hidden = ["/run", "/var/log", "/home"]
    if _BUS_SERVICES.is_dir():
        # The user's bus must not start services of this machine.
        hidden.append(str(_BUS_SERVICES))
    for path in hidden:
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", path)


def _make_groups(manager_group: Path, uid: int) -> None:
    """Makes the control groups of a real machine: journald and `systemctl status` read them."""
    init_group = _CGROUPS / "init.scope"
    for group in (init_group, _JOURNALD, manager_group, manager_group.with_name("session-1.scope")):
        group.mkdir(parents=True)
    _enter(init_group)
    for delegated in ("", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"):
        os.chown(manager_group / delegated, uid, uid)


def _start_journald(uid: int) -> None:
    with _until_ready("journald", uid) as notify:
        _start(_JOURNALD, [str(_PROGRAMS / "systemd-journald")], {"NOTIFY_SOCKET": notify})


def _start_manager(group: Path, user: str, uid: int, home: Path, runtime: Path) -> None:
    with _until_ready("manager", uid) as notify:
        _start(
            group,
            [
                *("setpriv", f"--reuid={uid}", f"--regid={uid}", "--init-groups"),
                *(str(_PROGRAMS / "systemd"), "--user"),
            ],
            {
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "HOME": str(home),
                "USER": user,
                "LOGNAME": user,
                "SHELL": "/bin/sh",
                "XDG_RUNTIME_DIR": str(runtime),
                "SYSTEMD_LOG_TARGET": "journal",
                "NOTIFY_SOCKET": notify,
            },
        )


def _mount(*arguments: str) -> None:
    # -n: do not write the machine's /etc/mtab.
    subprocess.run(["mount", "-n", *arguments], check=True)


def _make_home(home: Path, uid: int, template: Path | None) -> None:
    home.mkdir()
    # An overlay: a copy of the template would take seconds.
    top = home if template is None else home.with_name("written")
    top.mkdir(exist_ok=True)
    top.chmod(0o700)
    os.chown(top, uid, uid)
    if template is not None:
        work = home.with_name("work")
        work.mkdir()
        layers = f"lowerdir={template},upperdir={top},workdir={work}"
        _mount("-t", "overlay", "-o", layers, "overlay", str(home))


def _add_user(directory: Path, user: str, uid: int, home: Path) -> None:
    for database, line in (
        ("passwd", f"{user}:x:{uid}:{uid}::{home}:/bin/sh"),
        ("group", f"{user}:x:{uid}:"),
    ):
        ours = directory / database
        ours.write_text(f"{Path('/etc', database).read_text().rstrip()}\n{line}\n")
        _mount("--bind", str(ours), f"/etc/{database}")


def _lay_out_run(runtime: Path, uid: int) -> None:
    """Creates the files that process 1 and logind of a real machine create in /run."""
    systemd = Path("/run/systemd")
    # sd_booted(3) looks for `system`.
    for name in ("system", "user", "units", "journal", "journald.conf.d", "inaccessible"):
        (systemd / name).mkdir(parents=True)
    # The root of a sandboxed service; without it each ends with 226/NAMESPACE.
    (systemd / "unit-root").mkdir(mode=0o700)
    _make_inaccessible(systemd / "inaccessible")
    runtime.mkdir(parents=True)
    runtime.chmod(0o700)
    os.chown(runtime, uid, uid)
    (systemd / "journald.conf.d/test.conf").write_text(
        "[Journal]\nReadKMsg=no\nStorage=persistent\nRateLimitBurst=0\n"
    )
    # With this file journald uses /var, where `journalctl --user` reads.
    (systemd / "journal/flushed").touch()


def _make_inaccessible(directory: Path) -> None:
    """Creates the nodes, one of each kind, that systemd mounts over hidden files."""
    (directory / "dir").mkdir(mode=0)
    (directory / "reg").touch(mode=0)
    os.mkfifo(directory / "fifo", 0)
    # Not permitted in a user namespace; systemd then uses another node.
    for name, kind in (("chr", 0o020000), ("blk", 0o060000)):
        with suppress(PermissionError):
            os.mknod(directory / name, kind)
    with socket.socket(socket.AF_UNIX) as node:
        node.bind(str(directory / "sock"))
    (directory / "sock").chmod(0)


@contextmanager
def _until_ready(name: str, uid: int) -> Iterator[str]:
    """An sd_notify(3) address; the end of the `with` waits for READY=1.

    Raises TimeoutError if it does not come.
    """
    address = f"/run/notify-{name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        os.chown(address, uid, uid)
        yield address
        receiver.settimeout(_READY_SECONDS)
        while "READY=1" not in receiver.recv(4096).decode().splitlines():
            pass


def _enter(group: Path) -> None:
    (group / "cgroup.procs").write_text("0")


def _start(group: Path, command: list[str], environment: Mapping[str, str]) -> None:
    program = shutil.which(command[0])
    assert program is not None, f"{command[0]} is not installed"
    if os.fork() == 0:
        try:
            _enter(group)
            os.chdir(environment.get("HOME", "/"))
            # stdout is for this process's own line.
            os.dup2(2, 1)
            os.execve(program, command, dict(environment))
        finally:
            os._exit(127)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *map(Path, sys.argv[4:]))
