"""Following the daemon without needing it, blocking.

Responsible for one picture that stays true while daemons come and go, for
those who only show it: the daemon is asked as a passive subscriber, so its idle
stop is not put off; and one that has stopped is neither started nor asked for
again and again. Somebody who needs the daemon will start it, and the kernel
tells of that: a daemon writes its pid into the file whose lock it holds. It
refuses to know what is done with the picture. (Those who need the daemon:
follow.py.)
"""

from __future__ import annotations

import errno
import math
import os
import select
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from acd import paths
from acd.client.blocking import Client, ConnectionLost
from acd.client.last_state import last_sessions
from acd.client.mirror import SessionChange, SessionMirror
from acd.errors import AcdError, DaemonRefused, DaemonUnreachable, NotRunning
from acd.protocol import Err, State
from acd.system import runtime_dir
from acd.system.file_watch import FileWatch

AGAIN: Final = 10.0
"""Seconds until a daemon that lives, and does not answer or refuses, is asked again.
There, nothing tells when it would."""

Change = tuple[SessionMirror, list[SessionChange]]


def attend(
    environ: Mapping[str, str],
    *,
    wake: Callable[[], float | None] = lambda: None,
    also: Callable[[], int | None] = lambda: None,
    reader: int | None = None,
) -> Iterator[Change]:
    """The picture, and what has changed in it: first as it is, then after each push.

    `wake` tells when the caller wants to be back though nothing has happened
    (time.monotonic(); None: never), and `also` a file descriptor: when there is
    something to read at it, the caller is back, too, and is to read it. Both
    are asked before each wait. `reader` as in Client.pushes. It never ends by
    itself. Raises UnsafeSocket, AcdError.
    """
    path = paths.socket_path(environ)
    picture = SessionMirror()
    while True:
        # Watched before it is looked at: whoever starts in between is told of.
        with _watch(path) as written:
            again = None
            if runtime_dir.is_running(path):
                try:
                    yield from _subscription(environ, picture, written, wake, also, reader=reader)
                except (ConnectionLost, NotRunning):
                    pass  # it has stopped, or is about to
                except (DaemonRefused, DaemonUnreachable):
                    again = time.monotonic() + AGAIN
            if not picture.is_complete:
                yield picture, picture.apply(State(last_sessions(environ)))
            while not _wait(written, reader, also(), _earlier(wake(), again)):
                if again is not None and time.monotonic() >= again:
                    break
                yield picture, []


def _subscription(
    environ: Mapping[str, str],
    picture: SessionMirror,
    written: FileWatch,
    wake: Callable[[], float | None],
    also: Callable[[], int | None],
    *,
    reader: int | None,
) -> Iterator[Change]:
    with Client.connect(environ, start=False) as client:
        try:
            state = client.request("SUBSCRIBE json passive")
        except ConnectionLost:
            path = paths.socket_path(environ)
            raise DaemonUnreachable(path, "it ends the connection") from None
        if isinstance(state, Err):
            raise DaemonRefused(state.text)
        # This one's own pid was written before it answered. What comes now is the next one's.
        written.clear()
        yield picture, picture.apply(state)
        while True:
            # A new generator for each: after a change the caller may wait for something else.
            pushes = client.pushes(deadline=wake(), reader=reader, also=also())
            message = next(pushes, None)
            yield picture, [] if message is None else picture.apply(message)


def _wait(written: FileWatch, reader: int | None, also: int | None, deadline: float | None) -> bool:
    """Whether something was written, and not only the caller wanted to be back."""
    poll = select.poll()
    poll.register(written, select.POLLIN)
    if reader is not None:
        poll.register(reader, 0)  # poll(2): POLLERR and POLLHUP are always told
    if also is not None:
        poll.register(also, select.POLLIN)
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    ready = dict(poll.poll(None if left is None else math.ceil(left * 1000)))
    if reader in ready:
        raise BrokenPipeError(errno.EPIPE, "nobody reads the output any more")
    return written.fileno() in ready


def _earlier(one: float | None, other: float | None) -> float | None:
    return min((time for time in (one, other) if time is not None), default=None)


def _watch(socket: Path) -> FileWatch:
    """Tells of the file that a daemon writes its pid into; it is made if none was ever here.

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
