"""How the daemon comes by its listening socket, and others by a daemon.

Responsible for adopting a listener from a service manager (systemd's
LISTEN_FDS, launchd), for binding a private one where there is none, and for
starting a daemon with a listener of ours. It refuses to know what is said on
the socket.

A socket is private before it is reachable: its directory is ours alone, and
the file is created with its final mode. What was inherited is never bound,
unlinked or chmodded.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import stat
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acd import paths
from acd.errors import AlreadyRunning, DaemonUnreachable, UnsafeSocket
from acd.system.runtime_dir import address, check_length, open_directory, open_file

LISTEN_FDS_START: Final = 3
"""sd_listen_fds(3): the first inherited descriptor."""
BACKLOG: Final = 4096
"""Connections that wait while the daemon starts; the kernel cuts it to net.core.somaxconn."""
SPAWNED_NAME: Final = "acd-spawned"
"""In LISTEN_FDNAMES: the listener was bound by a hook or a client, and is the daemon's own now."""


_LISTEN_VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


@dataclass(frozen=True)
class Listener:
    """A listening Unix socket, and who is responsible for its file."""

    sock: socket.socket
    path: Path
    activation: str
    """`systemd`, `launchd`, `spawned` (by a hook or client) or `bound` (by the daemon itself)."""
    owned: bool
    """Whether the file is ours to unlink at the end."""


def adopt(environ: MutableMapping[str, str]) -> Listener | None:
    """The listener that a service manager handed over; None if there is none.

    Takes the variables out of `environ`, so that no child mistakes them for
    its own. Raises UnsafeSocket when what was handed over is not one
    listening Unix socket.
    """
    inherited = _systemd_fds(environ)
    activation = "systemd"
    if not inherited and sys.platform == "darwin":
        from acd.system.launchd import activate_socket  # loads ctypes

        inherited = dict.fromkeys(activate_socket("acd"), "acd")
        activation = "launchd"
    if not inherited:
        return None
    if len(inherited) > 1:
        raise UnsafeSocket(
            f"{len(inherited)} sockets were handed over, and acd serves one",
            hint="give the socket unit exactly one ListenStream=",
        )
    [(fd, name)] = inherited.items()
    try:
        sock = socket.socket(fileno=fd)
        listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        address = sock.getsockname()
    except OSError as error:
        raise UnsafeSocket(f"descriptor {fd} that was handed over: {error.strerror}") from None
    if (sock.family, sock.type) != (socket.AF_UNIX, socket.SOCK_STREAM) or not listening:
        raise UnsafeSocket(
            f"descriptor {fd} that was handed over is not a listening Unix stream socket",
            hint="use ListenStream= with a path in the socket unit",
        )
    if not isinstance(address, str) or not address.startswith("/"):
        raise UnsafeSocket(
            f"the socket that was handed over has no path: {address!r}",
            hint="use ListenStream= with an absolute path in the socket unit",
        )
    spawned = name == SPAWNED_NAME
    return Listener(sock, Path(address), "spawned" if spawned else activation, owned=spawned)


def _systemd_fds(environ: MutableMapping[str, str]) -> dict[int, str]:
    """Descriptor to name, by systemd-python where it is installed, else by the protocol."""
    if "LISTEN_FDS" not in environ:
        return {}
    count = environ["LISTEN_FDS"]
    try:
        try:
            # 3 ms, and only where somebody hands something over
            from systemd.daemon import listen_fds_with_names
        except ImportError:
            return listen_fds_by_protocol(environ, os.getpid())
        named: dict[int, str] = listen_fds_with_names(unset_environment=False)
        return named
    except OSError as error:
        raise UnsafeSocket(
            f"LISTEN_FDS={count} is not what was handed over: {error.strerror}",
            hint="start acd by a socket unit, or without LISTEN_FDS",
        ) from None
    finally:
        for name in _LISTEN_VARIABLES:
            environ.pop(name, None)


def listen_fds_by_protocol(environ: Mapping[str, str], pid: int) -> dict[int, str]:
    """Descriptor to name, as sd_listen_fds_with_names(3) documents it. Raises OSError."""
    # They may be an ancestor's: the variables are inherited, LISTEN_PID tells whose they are.
    if environ.get("LISTEN_PID") != str(pid):
        return {}
    count = environ.get("LISTEN_FDS", "")
    if not (count.isascii() and count.isdigit()):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    inherited = {}
    for index in range(int(count)):
        fd = LISTEN_FDS_START + index
        os.set_inheritable(fd, False)
        inherited[fd] = names[index] if index < len(names) else "unknown"
    return inherited


def bind(path: Path, *, activation: str = "bound") -> Listener:
    """Binds a private listener; a socket file that nobody serves is replaced.

    Raises AlreadyRunning when somebody serves it, UnsafeSocket when the place
    is not private or not usable.
    """
    check_length(path)
    with open_directory(path.parent, make=True) as directory, bind_lock(path):
        if is_served(path):
            raise AlreadyRunning(path)
        with contextlib.suppress(FileNotFoundError):
            found = os.stat(path.name, dir_fd=directory, follow_symlinks=False)
            if not stat.S_ISSOCK(found.st_mode):
                raise UnsafeSocket(
                    f"{path} is there, and is not a socket",
                    hint="move it away, or set ACD_SOCKET to another path",
                )
            os.unlink(path.name, dir_fd=directory)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # The mode is the umask's: bind(2) creates the file with it, so there is
        # no moment in which the file is wider.
        umask = os.umask(0o177)
        try:
            sock.bind(str(path))
            # By its path, for that is the name that others learn from the socket;
            # it has to have led to the directory that was checked.
            os.stat(path.name, dir_fd=directory, follow_symlinks=False)
        except OSError as error:
            sock.close()
            raise UnsafeSocket(f"cannot bind {path}: {error.strerror}") from None
        finally:
            os.umask(umask)
        sock.listen(BACKLOG)
    return Listener(sock, path, activation, owned=True)


def is_served(path: Path) -> bool:
    """Whether somebody listens at the path: a connection tells, a file does not.

    Raises UnsafeSocket.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            with open_directory(path.parent) as directory:
                probe.connect(address(path, directory))
        except BlockingIOError:
            return True  # a full backlog is somebody's
        except OSError:
            return False
    return True


@contextlib.contextmanager
def bind_lock(path: Path) -> Iterator[None]:
    """Between the look at a stale file and the bind there must be nobody else."""
    try:
        fd = open_file(paths.bind_lock_path(path), os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise UnsafeSocket(f"cannot lock {path}: {error.strerror}") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def spawn(path: Path, program: list[str], environ: Mapping[str, str]) -> None:
    """Starts a daemon with a listener of ours, detached; returns without waiting for it.

    Connections that are made from now on wait in the backlog. Raises
    UnsafeSocket, or DaemonUnreachable when the program cannot be started.
    Somebody else having been faster is no error.
    """
    if not path.is_absolute():
        # The daemon stands in the root directory, and hooks use no such path.
        raise UnsafeSocket(
            f"no daemon serves {path}, and one is started for an absolute path only",
            hint=f"set ACD_SOCKET to {path.absolute()}",
        )
    try:
        listener = bind(path, activation="spawned")
    except AlreadyRunning:
        return
    with listener.sock as sock:
        pid = os.fork()
        if pid == 0:  # pragma: no cover - the child
            _become_daemon(sock.fileno(), program, environ)
        # The child is a middle one: the daemon is its child, and init's at once.
        _, status = os.waitpid(pid, 0)
    if status != 0:
        path.unlink(missing_ok=True)
        raise DaemonUnreachable(
            path, f"{program[0]} could not be started", hint="run install.sh again"
        )


def _become_daemon(  # pragma: no cover - runs in a forked child, seen by the tests of spawn
    fd: int, program: list[str], environ: Mapping[str, str]
) -> None:
    try:
        if not os.access(program[0], os.X_OK):
            os._exit(1)
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        os.umask(0o077)
        # Out of the way of what it is going to be, if our starter had closed its streams.
        fd = fcntl.fcntl(fd, fcntl.F_DUPFD, LISTEN_FDS_START + 1)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        os.dup2(fd, LISTEN_FDS_START)
        os.closerange(LISTEN_FDS_START + 1, 4096)
        listen = {
            "LISTEN_FDS": "1",
            "LISTEN_PID": str(os.getpid()),
            "LISTEN_FDNAMES": SPAWNED_NAME,
        }
        os.execve(program[0], program, {**environ, **listen})  # noqa: S606 - the program is ours
    finally:
        os._exit(1)
