"""What the daemon tells its service manager: sd_notify(3)'s protocol.

Responsible for datagrams to $NOTIFY_SOCKET. It refuses to know what is worth
telling; without a manager it does nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Sends states such as `READY=1` or `STATUS=…`."""

    def __init__(self, environ: Mapping[str, str]):
        address = environ.get("NOTIFY_SOCKET", "")
        # `@` stands for the NUL of an abstract socket.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.is_heard = bool(address)
        """Whether a manager listens, so that composing a status is not in vain."""

    def send(self, *states: str) -> None:
        """Sends them as one datagram; a manager that is gone is no error."""
        if not self._address:
            return
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock,
        ):
            sock.setblocking(False)
            sock.sendto(os.fsencode("\n".join(states)), self._address)
