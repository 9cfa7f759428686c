"""A mirror of all sessions that follows the daemon over its stops and upgrades, blocking.

`subscribe` is for clients that need the daemon: it keeps the daemon from its idle
stop, and starts it again. `subscribe_passively` is for clients that only show
sessions: it starts no daemon, and shows the last state while none runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from acd import paths
from acd.client.blocking import Client, ConnectionLost, wait_readable
from acd.client.last_state import last_sessions
from acd.client.mirror import SessionChange, SessionMirror
from acd.client.session import RECONNECT_DELAYS
from acd.errors import AcdError, DaemonRefused, DaemonUnreachable, NotRunning
from acd.protocol import Err, Snapshot, Subscribe
from acd.system import runtime_dir
from acd.system.backoff import Backoff
from acd.system.file_watch import FileWatch

RETRY_SECONDS: Final = 10.0
"""How long a passive subscriber waits after a running daemon has not answered or has
replied ERR: no event reports that it would serve now."""
_FIRST_TRIES: Final = 3
"""Connections that may be lost in a row before the first snapshot."""


def subscribe(
    environ: Mapping[str, str], *, deadline: float | None = None, output_fd: int | None = None
) -> Iterator[tuple[SessionMirror, list[SessionChange]]]:
    """Yields the mirror and its changes: after the first snapshot (no changes), then per push.

    Ends at the `deadline` (time.monotonic()); `output_fd` as in wait_readable.
    Raises DaemonUnreachable, UnsafeSocket or DaemonRefused when the first
    connection fails; later, DaemonUnreachable makes it connect again.
    """
    mirror = SessionMirror()
    backoff = Backoff(*RECONNECT_DELAYS, at_once=True)
    while True:
        began = time.monotonic()
        try:
            for changes in _subscription(
                environ, Subscribe(json=True), mirror, wake_at=lambda: deadline, output_fd=output_fd
            ):
                if changes is None:
                    return
                yield mirror, changes
        except (ConnectionLost, DaemonUnreachable) as error:
            delay = backoff.next_delay(time.monotonic() - began)
            if not mirror.is_complete:
                if isinstance(error, DaemonUnreachable):
                    raise
                if backoff.failures == _FIRST_TRIES:
                    path = paths.socket_path(environ)
                    raise DaemonUnreachable(path, "it ends each connection") from None
        if deadline is not None and time.monotonic() + delay > deadline:
            time.sleep(max(0.0, deadline - time.monotonic()))
            return
        time.sleep(delay)


def subscribe_passively(
    environ: Mapping[str, str],
    *,
    wake_at: Callable[[], float | None] = lambda: None,
    wake_fd: Callable[[], int | None] = lambda: None,
    output_fd: int | None = None,
) -> Iterator[tuple[SessionMirror, list[SessionChange]]]:
    """Yields the mirror and its changes: as it is first (no changes), then per push.

    Also yields, without changes, at the time that `wake_at` returns
    (time.monotonic(); None: never), and when the file descriptor that `wake_fd`
    returns is readable, which the caller then reads; both are called before
    each wait. `output_fd` as in wait_readable. Never ends by itself. Raises
    UnsafeSocket, AcdError.
    """
    path = paths.socket_path(environ)
    mirror = SessionMirror()
    while True:
        # The watch begins before the check, so that no start in between is missed: a
        # daemon writes its pid into the file whose lock it holds.
        with closing(_watch_pid_file(path)) as pid_file:
            retry_at = None
            if runtime_dir.is_running(path):
                subscription = _subscription(
                    environ,
                    Subscribe(json=True, passive=True),
                    mirror,
                    start=False,
                    wake_at=wake_at,
                    wake_fd=wake_fd,
                    output_fd=output_fd,
                )
                retry_at = yield from _until_end(subscription, mirror, pid_file)
            if not mirror.is_complete:
                yield mirror, mirror.apply(Snapshot(last_sessions(environ)))
            while not wait_readable(
                pid_file.fileno(),
                deadline=_earlier(wake_at(), retry_at),
                output_fd=output_fd,
                wake_fd=wake_fd(),
            ):
                if retry_at is not None and time.monotonic() >= retry_at:
                    break
                yield mirror, []


def _until_end(
    subscription: Iterator[list[SessionChange] | None], mirror: SessionMirror, pid_file: FileWatch
) -> Generator[tuple[SessionMirror, list[SessionChange]], None, float | None]:
    """Yields until the connection to one daemon ends.

    Returns when to connect again, if that is not to wait for the next daemon.
    """
    is_first = True
    try:
        for changes in subscription:
            if is_first:
                # This daemon wrote its pid before it answered; from now on a write is
                # by the next daemon.
                pid_file.clear()
                is_first = False
            yield mirror, changes or []
    except NotRunning:
        pass  # it has just stopped
    except (ConnectionLost, DaemonRefused, DaemonUnreachable) as error:
        if is_first or not isinstance(error, ConnectionLost):
            return time.monotonic() + RETRY_SECONDS
    return None


def _subscription(
    environ: Mapping[str, str],
    request: Subscribe,
    mirror: SessionMirror,
    *,
    start: bool = True,
    wake_at: Callable[[], float | None],
    wake_fd: Callable[[], int | None] = lambda: None,
    output_fd: int | None,
) -> Iterator[list[SessionChange] | None]:
    """Yields the changes of the mirror over one connection; None at a wake-up."""
    with Client.connect(environ, start=start) as client:
        state = client.request(request)
        if isinstance(state, Err):
            raise DaemonRefused(state.text)
        yield mirror.apply(state)
        while True:
            # A new generator each time, because the next wake-up may be another one now.
            pushes = client.pushes(deadline=wake_at(), output_fd=output_fd, wake_fd=wake_fd())
            message = next(pushes, None)
            yield None if message is None else mirror.apply(message)


def _earlier(one: float | None, other: float | None) -> float | None:
    return min((time for time in (one, other) if time is not None), default=None)


def _watch_pid_file(socket: Path) -> FileWatch:
    """Watches the file that a daemon writes its pid into; makes it if it is missing.

    Raises AcdError.
    """
    runtime_dir.check_length(socket)
    runtime_dir.check_directory(socket.parent, make=True)
    path = paths.daemon_lock_path(socket)
    try:
        os.close(runtime_dir.open_file(path, os.O_RDONLY | os.O_CREAT))
        return FileWatch(path)
    except OSError as error:
        raise AcdError(f"cannot watch {path}: {error.strerror}") from None
