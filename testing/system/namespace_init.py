"""Process 1 of the namespaces in which a test's service manager lives.

Responsible for laying out what a login of an unprivileged user finds on a real
machine (/run, cgroups, journal, home, passwd) and for starting journald and
`systemd --user` there. Every mount is private to the namespace: of the machine
nothing is changed. It knows nothing of acd.

Run as root in fresh mount, pid and cgroup namespaces, the old /proc still
mounted: `namespace_init.py DIRECTORY USER UID [TEMPLATE]`, with a DIRECTORY to
write in. The user's home begins as the directory TEMPLATE, or empty, and lives
in memory. Prints one line, this process's id as the machine outside sees it,
when the user's manager says that it is ready.
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


def main(directory: Path, user: str, uid: int, template: Path | None = None) -> None:
    outside_pid = str(Path("/proc/self").readlink())
    home = Path("/home", user)
    runtime = Path("/run/user", str(uid))
    user_slice = _CGROUPS / "user.slice" / f"user-{uid}.slice"
    manager_group = user_slice / f"user@{uid}.service"

    _mount("-t", "proc", "proc", "/proc")
    # In a user namespace of its own it fails: mounts from outside are locked there
    # (mount_namespaces(7)), and the new one hides them.
    subprocess.run(["umount", "--recursive", "--lazy", str(_CGROUPS)], check=False)
    _mount("-t", "cgroup2", "none", str(_CGROUPS))
    hidden = ["/run", "/var/log", "/home"]
    if _BUS_SERVICES.is_dir():
        # What is installed on this machine is not started on the user's bus.
        hidden.append(str(_BUS_SERVICES))
    for directory_of_others in hidden:
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", directory_of_others)
    _make_home(home, uid, template)
    _add_user(directory, user, uid, home)
    _lay_out_run(runtime, uid)
    Path("/var/log/journal").mkdir()

    # The same names as on a real machine: journald and `systemctl status` read them.
    for group in (
        _CGROUPS / "init.scope",
        _CGROUPS / "system.slice/systemd-journald.service",
        manager_group,
        user_slice / "session-1.scope",
    ):
        group.mkdir(parents=True)
    _enter(_CGROUPS / "init.scope")
    for delegated in ("", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"):
        os.chown(manager_group / delegated, uid, uid)

    with _until_ready("journald", uid) as notify:
        _start(
            _CGROUPS / "system.slice/systemd-journald.service",
            [str(_PROGRAMS / "systemd-journald")],
            {"NOTIFY_SOCKET": notify},
        )
    with _until_ready("manager", uid) as notify:
        _start(
            manager_group,
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
    print(outside_pid, flush=True)
    with suppress(ChildProcessError):  # all have ended
        while True:
            os.wait()


def _mount(*arguments: str) -> None:
    # -n: the machine's table of mounts is none of our business.
    subprocess.run(["mount", "-n", *arguments], check=True)


def _make_home(home: Path, uid: int, template: Path | None) -> None:
    home.mkdir()
    # What is written to the template's copy: a copy of all of it takes seconds.
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
    """What process 1 and logind of a real machine would have made in /run."""
    systemd = Path("/run/systemd")
    # system: its presence is what sd_booted(3) looks for.
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
    # Says that /var is there, so that journald writes where `journalctl --user` reads.
    (systemd / "journal/flushed").touch()


def _make_inaccessible(directory: Path) -> None:
    """The nodes that systemd mounts over what a sandbox hides, one of each kind."""
    (directory / "dir").mkdir(mode=0)
    (directory / "reg").touch(mode=0)
    os.mkfifo(directory / "fifo", 0)
    # Not allowed in a user namespace; systemd then takes another node in their place.
    for name, kind in (("chr", 0o020000), ("blk", 0o060000)):
        with suppress(PermissionError):
            os.mknod(directory / name, kind)
    with socket.socket(socket.AF_UNIX) as node:
        node.bind(str(directory / "sock"))
    (directory / "sock").chmod(0)


@contextmanager
def _until_ready(name: str, uid: int) -> Iterator[str]:
    """An sd_notify(3) address; leaving waits for READY=1 there.

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
            # The line that tells "ready" belongs to this process alone.
            os.dup2(2, 1)
            os.execve(program, command, dict(environment))
        finally:
            os._exit(127)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *map(Path, sys.argv[4:]))
