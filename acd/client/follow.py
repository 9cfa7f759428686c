"""Following the daemon over its stops and upgrades, blocking.

Responsible for a subscription that is taken up again whenever it is lost, and
for keeping one picture through all of them. It refuses to know what is done
with what changes. It follows as somebody who needs the daemon: under it there
is no idle stop, and a daemon that is gone is started again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Final

from acd import paths
from acd.client.blocking import Client, ConnectionLost
from acd.client.mirror import SessionChange, SessionMirror
from acd.errors import DaemonRefused, DaemonUnreachable
from acd.protocol import Err, Message

_LONGEST_DELAY: Final = 2.0
"""Seconds between two tries to reconnect, at most."""
_FIRST_TRIES: Final = 3
"""Connections that may be lost in a row before there ever was a picture."""


def follow(
    environ: Mapping[str, str], *, deadline: float | None = None, reader: int | None = None
) -> Iterator[tuple[SessionMirror, list[SessionChange]]]:
    """The picture, and what has changed in it: first as it is, then after each push.

    Ends at the `deadline` (time.monotonic()); `reader` as in Client.pushes.
    Raises DaemonUnreachable, UnsafeSocket or DaemonRefused when there is
    nothing to follow; a daemon that was there before is waited for.
    """
    picture = SessionMirror()
    failures = 0
    while True:
        began = time.monotonic()
        try:
            for message in _subscription(environ, deadline, reader):
                yield picture, picture.apply(message)
            return
        except (ConnectionLost, DaemonUnreachable) as error:
            held = time.monotonic() - began > _LONGEST_DELAY
            failures = 1 if held else failures + 1
            if not picture.is_complete:
                if isinstance(error, DaemonUnreachable):
                    raise
                if failures == _FIRST_TRIES:
                    path = paths.socket_path(environ)
                    raise DaemonUnreachable(path, "it ends each connection") from None
        # At once after a stop; a daemon that fails at each start is not
        # started ever faster.
        delay = 0.0 if failures == 1 else min(_LONGEST_DELAY, 0.05 * 2 ** min(failures, 10))
        if deadline is not None and time.monotonic() + delay > deadline:
            time.sleep(max(0.0, deadline - time.monotonic()))
            return
        time.sleep(delay)


def _subscription(
    environ: Mapping[str, str], deadline: float | None, reader: int | None
) -> Iterator[Message]:
    with Client.connect(environ) as client:
        state = client.request("SUBSCRIBE json")
        if isinstance(state, Err):
            raise DaemonRefused(state.text)
        yield state
        yield from client.pushes(deadline=deadline, reader=reader)
