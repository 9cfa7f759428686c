"""Notifications in macOS's Notification Center, by osascript(1)."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import Final

from acd.errors import AcdError
from acd.notify.notification import Handle, Notification
from acd.system.environment import minimal

SECONDS: Final = 10.0
"""The time limit of one osascript."""


class MacOSDesktop:
    """The Notification Center. osascript can neither withdraw a notification nor report clicks."""

    def __init__(self, environ: Mapping[str, str], *, sound: bool):
        self._environ = minimal(environ)
        self._sound = sound

    def show(self, notification: Notification) -> Handle | None:
        try:
            subprocess.run(  # noqa: S603 - a constant, and two values that it does not interpret
                self.command(notification),
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise AcdError(f"osascript cannot show a notification: {error}") from None
        return None

    def command(self, notification: Notification) -> list[str]:
        """The argument vector. The text is not part of the script, so none of it is executed."""
        sound = ' sound name "Ping"' if self._sound else ""
        show = f"display notification (item 2 of argv) with title (item 1 of argv){sound}"
        script = ("on run argv", show, "end run")
        options = [word for line in script for word in ("-e", line)]
        return ["/usr/bin/osascript", *options, *notification]

    def withdraw(self, handle: Handle) -> None:
        return

    def listen(self) -> None:
        return

    def fileno(self) -> int | None:
        return None

    def take_clicks(self) -> list[Handle]:
        return []

    def close(self) -> None:
        return

    def check(self) -> None:
        return
