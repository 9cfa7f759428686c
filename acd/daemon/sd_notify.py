"""What the daemon tells its service manager: sd_notify(3)'s protocol, and systemctl(1).

Responsible for datagrams to $NOTIFY_SOCKET. It refuses to know what is worth
telling; without a manager it does nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping
from typing import Final

from acd.system.environment import minimal

_UNITS: Final = ("acd.service", "acd-notify.service")
_RESET_SECONDS: Final = 1.0
"""For systemctl, which takes some 10 ms."""


class Notifier:
    """Sends states such as `READY=1` or `STATUS=…`."""

    def __init__(self, environ: Mapping[str, str]):
        address = environ.get("NOTIFY_SOCKET", "")
        # `@` stands for the NUL of an abstract socket.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.is_heard = bool(address)
        """Whether a manager listens, so that composing a status is not in vain."""
        # systemd.exec(5): set for each process of a unit.
        self._is_unit = self.is_heard and "INVOCATION_ID" in environ
        self._environ = minimal(environ)

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

    async def stopping(self) -> None:
        """Tells that an orderly stop begins, and has systemd count starts from 0 again.

        StartLimitBurst= so counts no start that went well (systemctl(1),
        reset-failed). What keeps the count from being reset is no error.
        """
        if self._is_unit:
            await self._reset_count()
        self.send("STOPPING=1")

    async def _reset_count(self) -> None:
        null = asyncio.subprocess.DEVNULL
        with contextlib.suppress(OSError, TimeoutError):
            process = await asyncio.create_subprocess_exec(
                *("systemctl", "--user", "reset-failed", *_UNITS),
                env=self._environ,
                stdin=null,
                stdout=null,
                stderr=null,
            )
            await asyncio.wait_for(process.wait(), _RESET_SECONDS)
