"""The client's side of the protocol, blocking, for commands that run and end.

Responsible for reaching a daemon (starting one where no service manager
does), for requests and for subscriptions. It refuses to know how answers are
shown. Programs with an event loop of their own take the connected socket and
acd.protocol.
"""

from __future__ import annotations

import errno
import math
import os
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from acd import paths
from acd.errors import DaemonRefused, DaemonUnreachable, NotRunning
from acd.protocol import BadReply, Err, LineDecoder, Message, Ok, State, encode, parse_message
from acd.system import activation, runtime_dir

REPLY_SECONDS: Final = 10.0
"""A daemon that lives answers in well under a millisecond; one that starts, in half a second."""

_KEPT: Final = ("HOME", "PATH", "LANG", "USER", "LOGNAME", "TMPDIR", "ACD_SOCKET")
_NOT_THERE: Final = {errno.ENOENT, errno.ECONNREFUSED}
_LOST: Final = {errno.EPIPE, errno.ECONNRESET}


class ConnectionLost(Exception):
    """The daemon ended the connection: it has stopped, or was upgraded."""


class Client:
    """One connection to the daemon. Use it as a context manager."""

    def __init__(self, path: Path, sock: socket.socket):
        self._path = path
        self._sock = sock
        self._decoder = LineDecoder(None)
        self._messages: deque[Message] = deque()

    @classmethod
    def connect(cls, environ: Mapping[str, str], *, start: bool = True) -> Self:
        """Reaches the daemon; with `start`, one that is not there is started.

        Raises DaemonUnreachable (NotRunning without `start`), UnsafeSocket.
        """
        path = paths.socket_path(environ)
        try:
            return cls(path, _connect(path))
        except OSError as error:
            if error.errno not in _NOT_THERE:
                raise _unreachable(path, error) from None
            if not start:
                raise NotRunning(path) from None
        activation.spawn(path, daemon_command(), daemon_environ(environ))
        try:
            return cls(path, _connect(path))
        except OSError as error:
            raise _unreachable(path, error) from None

    def detach(self) -> socket.socket:
        """The connected socket, for a program with an event loop of its own."""
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

    def request(self, line: str) -> Message:
        """Sends a request, and returns its reply: Ok, Err or State.

        Raises ConnectionLost, DaemonUnreachable.
        """
        self._sock.settimeout(REPLY_SECONDS)
        try:
            self._sock.sendall(encode([line]))
        except OSError as error:
            raise self._lost(error) from None
        return self._next_message()

    def pushes(
        self,
        *,
        deadline: float | None = None,
        reader: int | None = None,
        also: int | None = None,
    ) -> Iterator[Message]:
        """What follows a SUBSCRIBE, for as long as the connection lives.

        Ends at the `deadline` (time.monotonic()), and when there is something to
        read at the file descriptor `also`. `reader` is a pipe's writing
        end into which the pushes go: when nobody reads it any more,
        BrokenPipeError is raised, rather than at the next push, which may
        never come. Raises ConnectionLost at the connection's end.
        """
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        if reader is not None:
            poll.register(reader, 0)  # poll(2): POLLERR and POLLHUP are always told
        if also is not None:
            poll.register(also, select.POLLIN)
        self._sock.settimeout(None)
        while True:
            while self._messages:
                yield self._messages.popleft()
            left = None if deadline is None else deadline - time.monotonic()
            # Rounded up: a millisecond too early would be a busy wait to the end.
            ready = dict(poll.poll(None if left is None else max(0, math.ceil(left * 1000))))
            if reader in ready:
                raise BrokenPipeError(errno.EPIPE, "nobody reads the output any more")
            if self._sock.fileno() not in ready:
                return
            self._receive()

    def _next_message(self) -> Message:
        while not self._messages:
            self._receive()
        return self._messages.popleft()

    def _receive(self) -> None:
        try:
            data = self._sock.recv(1 << 18)
        except OSError as error:
            raise self._lost(error) from None
        if not data:
            raise ConnectionLost
        for line in self._decoder.feed(data):
            try:
                self._messages.append(parse_message(str(line)))
            except BadReply as error:
                raise DaemonUnreachable(self._path, str(error)) from None

    def _lost(self, error: OSError) -> Exception:
        if error.errno in _LOST:
            return ConnectionLost()
        return _unreachable(self._path, error)


def ask(environ: Mapping[str, str], line: str, *, start: bool = True) -> Ok | State:
    """Sends one request over a connection of its own, and returns the reply.

    A daemon that stops at that very moment is asked again: it did not answer.
    Raises DaemonRefused for ERR, DaemonUnreachable, UnsafeSocket.
    """
    for _ in range(3):
        with Client.connect(environ, start=start) as client:
            try:
                reply = client.request(line)
            except ConnectionLost:
                continue
        if isinstance(reply, Ok | State):
            return reply
        raise DaemonRefused(reply.text if isinstance(reply, Err) else f"unexpected: {reply}")
    raise DaemonUnreachable(paths.socket_path(environ), "it ends each connection")


def daemon_command(program: Path = Path(sys.executable)) -> list[str]:
    """The program that serves, as this one was installed.

    An upgrade puts its environment beside this one, and makes a link, `venv`,
    point at it (install.sh): a client that has run since before the upgrade
    starts the new daemon, not its own.
    """
    environment = program.parent.parent
    current = environment.with_name("venv") / "bin" / program.name
    if environment.name.startswith("venv-") and os.access(current, os.X_OK):
        program = current
    return [str(program), "-I", "-m", "acd", "daemon"]


def daemon_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """What a daemon needs of the environment, and nothing that may be secret."""
    return {
        name: value
        for name, value in environ.items()
        if name in _KEPT or name.startswith(("XDG_", "LC_"))
    }


def _connect(path: Path) -> socket.socket:
    sock = socket.socket(fileno=runtime_dir.connect(path, REPLY_SECONDS).detach())
    sock.settimeout(REPLY_SECONDS)  # it does not know the one of the bare C type
    return sock


def _unreachable(path: Path, error: OSError) -> DaemonUnreachable:
    if isinstance(error, TimeoutError) or error.errno == errno.EAGAIN:
        return DaemonUnreachable(
            path,
            f"it does not answer within {REPLY_SECONDS:g} s",
            hint="see what it does: systemctl --user status acd, or acd status",
        )
    return DaemonUnreachable(path, error.strerror or os.strerror(error.errno or 0))
