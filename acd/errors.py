"""The errors that a user may see.

Responsible for carrying the facts (what was wrong), a hint (what would be
right) and an exit code. It refuses to know how errors are shown: only the
command line's edge turns them into text, and anything else that is raised is
a bug and keeps its traceback.
"""

from __future__ import annotations

from pathlib import Path

EXIT_ERR = 1
"""The daemon said ERR, or the command could not do what was asked."""
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3
EXIT_ALREADY_RUNNING = 4
"""`acd daemon`: another daemon already serves this socket."""
EXIT_UNSAFE_SOCKET = 5
"""`acd daemon`: the socket's place is not private, or not usable."""


class AcdError(Exception):
    """Something that the user can understand and, with the hint, mend."""

    exit_code = EXIT_ERR

    def __init__(self, message: str, *, hint: str | None = None, exit_code: int | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code


class DaemonUnreachable(AcdError):
    """No daemon answers at the socket and none could be started."""

    exit_code = EXIT_UNREACHABLE

    def __init__(self, socket: Path, reason: str, *, hint: str | None = None):
        super().__init__(f"no daemon at {socket}: {reason}", hint=hint)


class NotRunning(DaemonUnreachable):
    """Nobody listens at the socket, and nobody was to be started."""

    def __init__(self, socket: Path):
        super().__init__(socket, "it is not running")


class DaemonRefused(AcdError):
    """The daemon answered ERR; the message is its text without `ERR `."""


class AlreadyRunning(AcdError):
    """Another daemon serves the socket."""

    exit_code = EXIT_ALREADY_RUNNING

    def __init__(self, socket: Path):
        super().__init__(
            f"another acd daemon already serves {socket}",
            hint="use it (acd status), or end it first (acd stop)",
        )


class UnsafeSocket(AcdError):
    """The socket's place could be reached by others, or cannot be used."""

    exit_code = EXIT_UNSAFE_SOCKET


class ConfigError(AcdError):
    """The configuration file cannot be used; the message names file, line and key."""
