"""Notifications in macOS's Notification Center, by osascript(1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acd.errors import AcdError
from acd.notify.notification import Handle, Notification
from acd.system import programs
from acd.system.environment import minimal

OSASCRIPT_SECONDS: Final = 10.0
"""The time limit of one osascript."""


class MacOSDesktop:
    """The Notification Center. osascript can neither withdraw a notification nor report clicks."""

    def __init__(self, environ: Mapping[str, str], *, sound: bool):
        self._environ = minimal(environ)
        self._sound = sound

    def show(self, notification: Notification) -> Handle | None:
        argv = self.command(notification)
        try:
            answer = programs.execute(argv, environ=self._environ, timeout=OSASCRIPT_SECONDS)
        except (OSError, programs.TimeoutExpired) as error:
            raise AcdError(f"osascript cannot show a notification: {error}") from None
        if answer.status:
            text = answer.errors.strip() or f"exit status {answer.status}"
            raise AcdError(f"osascript cannot show a notification: {text}")
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
