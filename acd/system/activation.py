"""Adopts or binds the daemon's listening socket, and starts a daemon with one.

A listener comes from a service manager (systemd's LISTEN_FDS, launchd), or is
bound here. A socket is private before it is reachable: its directory is
private, and its file is created with its final mode. An inherited socket is
never bound, unlinked or chmodded.
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
"""Connections that may wait while a daemon starts; net.core.somaxconn is the upper bound."""
SPAWNED_NAME: Final = "acd-spawned"
"""In LISTEN_FDNAMES: a hook or client bound the listener, and the daemon owns its file."""
_LISTEN_VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


@dataclass(frozen=True)
class Listener:
    """A listening Unix socket."""

    sock: socket.socket
    path: Path
    activation: str
    """`systemd`, `launchd`, `spawned` (by a hook or client) or `bound` (by the daemon itself)."""
    owned: bool
    """Whether the daemon unlinks the file at its end."""


def adopt(environ: MutableMapping[str, str]) -> Listener | None:
    """The listener from a service manager; None if no manager passed one.

    Removes the variables from `environ`, so that no child takes them for its
    own. Raises UnsafeSocket when the inherited descriptors are not exactly one
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
            f"{len(inherited)} sockets were inherited, and acd serves one",
            hint="give the socket unit exactly one ListenStream=",
        )
    [(fd, name)] = inherited.items()
    try:
        sock = socket.socket(fileno=fd)
        listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        address = sock.getsockname()
    except OSError as error:
        raise UnsafeSocket(f"inherited descriptor {fd}: {error.strerror}") from None
    if (sock.family, sock.type) != (socket.AF_UNIX, socket.SOCK_STREAM) or not listening:
        raise UnsafeSocket(
            f"inherited descriptor {fd} is not a listening Unix stream socket",
            hint="use ListenStream= with a path in the socket unit",
        )
    if not isinstance(address, str) or not address.startswith("/"):
        raise UnsafeSocket(
            f"the inherited socket has no path: {address!r}",
            hint="use ListenStream= with an absolute path in the socket unit",
        )
    spawned = name == SPAWNED_NAME
    return Listener(sock, Path(address), "spawned" if spawned else activation, owned=spawned)


def _systemd_fds(environ: MutableMapping[str, str]) -> dict[int, str]:
    """Descriptors and their names, from systemd-python where it is installed."""
    if "LISTEN_FDS" not in environ:
        return {}
    count = environ["LISTEN_FDS"]
    try:
        try:
            # 3 ms, and only with socket activation
            from systemd.daemon import listen_fds_with_names
        except ImportError:
            return listen_fds_by_protocol(environ, os.getpid())
        named: dict[int, str] = listen_fds_with_names(unset_environment=False)
        return named
    except OSError as error:
        raise UnsafeSocket(
            f"LISTEN_FDS={count} does not match the inherited descriptors: {error.strerror}",
            hint="start acd by a socket unit, or without LISTEN_FDS",
        ) from None
    finally:
        for name in _LISTEN_VARIABLES:
            environ.pop(name, None)


def listen_fds_by_protocol(environ: Mapping[str, str], pid: int) -> dict[int, str]:
    """Descriptors and their names, as in sd_listen_fds_with_names(3). Raises OSError."""
    # Another LISTEN_PID: the variables were set for an ancestor.
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
    """Binds a private listener; replaces a socket file without a listening process.

    Raises AlreadyRunning when a process listens at the path, and UnsafeSocket
    when the directory is not private or the path cannot be used.
    """
    check_length(path)
    with open_directory(path.parent, make=True) as directory, bind_lock(path):
        if is_served(path):
            raise AlreadyRunning(path)
        with contextlib.suppress(FileNotFoundError):
            found = os.stat(path.name, dir_fd=directory, follow_symlinks=False)
            if not stat.S_ISSOCK(found.st_mode):
                raise UnsafeSocket(
                    f"{path} exists, and is not a socket",
                    hint="move it away, or set ACD_SOCKET to another path",
                )
            os.unlink(path.name, dir_fd=directory)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # bind(2) creates the file with the umask's mode: it is never accessible to others.
        umask = os.umask(0o177)
        try:
            sock.bind(str(path))
            # Bound by its path, because getsockname(2) returns that name. The stat
            # checks that the path led to the checked directory.
            os.stat(path.name, dir_fd=directory, follow_symlinks=False)
        except OSError as error:
            sock.close()
            raise UnsafeSocket(f"cannot bind {path}: {error.strerror}") from None
        finally:
            os.umask(umask)
        sock.listen(BACKLOG)
    return Listener(sock, path, activation, owned=True)


def is_served(path: Path) -> bool:
    """Whether a process listens at the path, found by connecting. Raises UnsafeSocket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            with open_directory(path.parent) as directory:
                probe.connect(address(path, directory))
        except BlockingIOError:
            return True  # the backlog is full
        except OSError:
            return False
    return True


@contextlib.contextmanager
def bind_lock(path: Path) -> Iterator[None]:
    """Excludes other processes between the check for a stale socket file and the bind."""
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
    """Binds a listener and starts a detached daemon with it; returns without waiting for it.

    From then on connections wait in the backlog. It is no error if another
    process has started a daemon first. Raises UnsafeSocket, and
    DaemonUnreachable when the program cannot be started.
    """
    if not path.is_absolute():
        # The daemon runs in the root directory, and hooks use absolute paths only.
        raise UnsafeSocket(
            f"no daemon serves {path}, and acd starts one for an absolute path only",
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
        # The child forks again and exits, so that init adopts the daemon.
        _, status = os.waitpid(pid, 0)
    if status != 0:
        path.unlink(missing_ok=True)
        raise DaemonUnreachable(
            path, f"{program[0]} could not be started", hint="run install.sh again"
        )


def _become_daemon(  # pragma: no cover - runs in a forked child; the tests of spawn cover it
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
        # Above the descriptors 0 to 3, where it may be if the caller had closed its streams.
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
