"""Sends the daemon's state to the service manager: sd_notify(3), and systemctl(1)."""

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
"""The limit for systemctl, which takes some 10 ms."""


class SdNotify:
    """Sends states such as `READY=1` or `STATUS=…`; does nothing without $NOTIFY_SOCKET."""

    def __init__(self, environ: Mapping[str, str]):
        address = environ.get("NOTIFY_SOCKET", "")
        # `@` stands for the NUL of an abstract socket.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.is_enabled = bool(address)
        # systemd.exec(5): set for each process of a unit.
        self._is_unit = self.is_enabled and "INVOCATION_ID" in environ
        self._environ = minimal(environ)

    def send(self, *states: str) -> None:
        """Sends states in one datagram. Errors are ignored: the manager may be gone."""
        if not self._address:
            return
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock,
        ):
            sock.setblocking(False)
            sock.sendto(os.fsencode("\n".join(states)), self._address)

    async def stopping(self) -> None:
        """Sends STOPPING=1, and resets the unit's counter of starts.

        After a successful run the start does not count for StartLimitBurst=
        (systemctl(1), reset-failed). Errors are ignored.
        """
        if self._is_unit:
            await self._reset_start_counter()
        self.send("STOPPING=1")

    async def _reset_start_counter(self) -> None:
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
