"""The interface of a desktop that shows notifications, and the desktop of this system."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Protocol

from acd.notify.dbus import DBusDesktop
from acd.notify.macos import MacOSDesktop
from acd.notify.notification import Handle, Notification


class Desktop(Protocol):
    """Shows notifications, withdraws them, and reports clicks on them."""

    def show(self, notification: Notification) -> Handle | None:
        """Shows it. Returns None if it cannot be withdrawn. Raises AcdError."""

    def withdraw(self, handle: Handle) -> None:
        """Removes a notification; one that is closed already is no error. Raises AcdError."""

    def listen(self) -> None:
        """Receives clicks from now on; `show` does so, too. Raises AcdError."""

    def fileno(self) -> int | None:
        """A descriptor that is readable when something was received; None if not listening."""

    def take_clicks(self) -> list[Handle]:
        """The notifications clicked since the last call. Does not block.

        They may be other programs' notifications. Raises AcdError when the connection ended.
        """

    def close(self) -> None:
        """Stops listening."""

    def check(self) -> None:
        """Raises AcdError if notifications cannot be shown. Starts no program."""


def desktop(environ: Mapping[str, str], *, sound: bool, platform: str = sys.platform) -> Desktop:
    """The desktop of this system. Raises AcdError where a requirement is missing."""
    return (MacOSDesktop if platform == "darwin" else DBusDesktop)(environ, sound=sound)
