"""A blocking client of the daemon."""

from __future__ import annotations

import errno
import math
import os
import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from acd import paths
from acd.client.session import REPLY_SECONDS, ClientSession, MatchedReply
from acd.errors import DaemonRefused, DaemonUnreachable, NotRunning, OutputClosed
from acd.protocol import BadReply, Err, Message, Ok, Reply, Request, Snapshot
from acd.system import runtime_dir

_NOT_LISTENING: Final = {errno.ENOENT, errno.ECONNREFUSED}
_LOST: Final = {errno.EPIPE, errno.ECONNRESET}


class ConnectionLost(Exception):
    """The daemon has ended the connection: it has stopped, or was upgraded."""


class Client:
    """One connection to the daemon. Use it as a context manager."""

    def __init__(self, path: Path, sock: socket.socket):
        self._path = path
        self._sock = sock
        self._session = ClientSession()
        self._pushes: deque[Message] = deque()

    @classmethod
    def connect(cls, environ: Mapping[str, str], *, start: bool = True) -> Self:
        """Connects to the daemon; with `start`, starts one that does not run.

        Raises DaemonUnreachable (NotRunning without `start`), UnsafeSocket.
        """
        path = paths.socket_path(environ)
        try:
            return cls(path, _connect(path))
        except OSError as error:
            if error.errno not in _NOT_LISTENING:
                raise _unreachable(path, error) from None
            if not start:
                raise NotRunning(path) from None
        from acd.client.launch import launch  # 3 ms, and a daemon usually runs

        launch(path, environ)
        try:
            return cls(path, _connect(path))
        except OSError as error:
            raise _unreachable(path, error) from None

    def detach(self) -> socket.socket:
        """Returns the connected socket, for a program with an event loop."""
        return self._sock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sock.close()

    def request(self, request: Request) -> Reply:
        """Sends a request, and returns its reply. Raises ConnectionLost, DaemonUnreachable."""
        self._sock.settimeout(REPLY_SECONDS)
        try:
            self._sock.sendall(self._session.send(request))
        except OSError as error:
            raise self._lost(error) from None
        while not (replies := self._receive()):
            pass
        return replies[0]

    def pushes(
        self,
        *,
        deadline: float | None = None,
        output_fd: int | None = None,
        wake_fd: int | None = None,
    ) -> Iterator[Message]:
        """Yields what the daemon pushes after SUBSCRIBE and RECORD.

        Ends as `wait_readable` returns False. Raises OutputClosed as that
        does, ConnectionLost at the end of the connection.
        """
        self._sock.settimeout(None)
        fd = self._sock.fileno()
        while True:
            while self._pushes:
                yield self._pushes.popleft()
            if not wait_readable(fd, deadline=deadline, output_fd=output_fd, wake_fd=wake_fd):
                return
            self._receive()

    def _receive(self) -> list[Reply]:
        """Reads once; returns the replies, and keeps the pushes."""
        try:
            data = self._sock.recv(1 << 18)
        except OSError as error:
            raise self._lost(error) from None
        if not data:
            raise ConnectionLost
        try:
            received = self._session.receive(data)
        except BadReply as error:
            raise DaemonUnreachable(self._path, str(error)) from None
        self._pushes += (each for each in received if not isinstance(each, MatchedReply))
        return [each.reply for each in received if isinstance(each, MatchedReply)]

    def _lost(self, error: OSError) -> Exception:
        if error.errno in _LOST:
            return ConnectionLost()
        return _unreachable(self._path, error)


def wait_readable(
    fd: int,
    *,
    deadline: float | None = None,
    output_fd: int | None = None,
    wake_fd: int | None = None,
) -> bool:
    """Waits for a file descriptor; returns whether it is readable.

    It is not at the `deadline` (time.monotonic(); None: never), and when
    `wake_fd` is readable first. `output_fd` is the writing end of the pipe that
    the caller's output goes to: OutputClosed is raised when its reader
    closes it, and not only at the next output, which may never come.
    """
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    if output_fd is not None:
        poll.register(output_fd, 0)  # poll(2): POLLERR and POLLHUP are always reported
    if wake_fd is not None:
        poll.register(wake_fd, select.POLLIN)
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    # Rounded up: a millisecond too early would be a busy wait to the end.
    ready = dict(poll.poll(None if left is None else math.ceil(left * 1000)))
    if output_fd in ready:
        raise OutputClosed
    return fd in ready


def ask(environ: Mapping[str, str], request: Request, *, start: bool = True) -> Ok | Snapshot:
    """Sends one request over a connection of its own, and returns the reply.

    A connection that ends before the reply is made again, because the daemon
    may just have stopped. Raises DaemonRefused for ERR, DaemonUnreachable, UnsafeSocket.
    """
    for _ in range(3):
        with Client.connect(environ, start=start) as client:
            try:
                reply = client.request(request)
            except ConnectionLost:
                continue
        if isinstance(reply, Err):
            raise DaemonRefused(reply.text)
        return reply
    raise DaemonUnreachable(paths.socket_path(environ), "it ends each connection")


def _connect(path: Path) -> socket.socket:
    sock = socket.socket(fileno=runtime_dir.connect(path, REPLY_SECONDS).detach())
    sock.settimeout(REPLY_SECONDS)  # the timeout of the bare C type is not taken over
    return sock


def _unreachable(path: Path, error: OSError) -> DaemonUnreachable:
    if isinstance(error, TimeoutError) or error.errno == errno.EAGAIN:
        return DaemonUnreachable(
            path,
            f"it does not answer within {REPLY_SECONDS:g} s",
            hint="look at its process: systemctl --user status acd, or acd status",
        )
    return DaemonUnreachable(path, error.strerror or os.strerror(error.errno or 0))
