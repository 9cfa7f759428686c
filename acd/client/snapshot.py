"""One snapshot of all sessions, without click, dataclasses and the socket module.

A status bar takes one every few seconds; acd.protocol takes 3 ms of its 60 ms.
Nothing here starts a daemon or keeps one from its idle stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from acd import paths
from acd.client.session import ClientSession, MatchedReply
from acd.protocol import BadReply, Snapshot, Subscribe
from acd.sessions.values import Json
from acd.system import runtime_dir

_TIMEOUT: Final = 0.5
"""Seconds for each read and write. A running daemon answers in about a millisecond."""


def snapshot(environ: Mapping[str, str]) -> list[Json]:
    """Returns all sessions as LIST does, or their last state. Raises UnsafeSocket."""
    path = paths.socket_path(environ)
    runtime_dir.check_length(path)
    # Without this check, a connection would make the service manager start a daemon.
    if runtime_dir.is_running(path):
        try:
            return _ask(path)
        except (OSError, EOFError, BadReply):
            pass  # it has just ended, or hangs: its journal has the last state
    from acd.client.last_state import last_sessions  # takes as long as all the rest

    return last_sessions(environ)


def _ask(path: Path) -> list[Json]:
    """Raises OSError, EOFError or BadReply without a valid reply."""
    session = ClientSession()
    sock = runtime_dir.connect(path, _TIMEOUT)
    try:
        sock.sendall(session.send(Subscribe(passive=True)))
        received: list[object] = []
        while not received:
            if not (data := sock.recv(1 << 18)):
                raise EOFError
            received += session.receive(data)
    finally:
        sock.close()
    match received[0]:
        case MatchedReply(Snapshot(sessions)):
            return sessions
    raise BadReply(received[0])
