"""The errors that are shown to the user, each with a message, a hint and an exit code.

acd.__main__ and acd.cli.main print them. Any other exception is a bug and keeps
its traceback.
"""

from __future__ import annotations

from pathlib import Path

EXIT_ERR = 1
"""The daemon replied ERR, or the command failed."""
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3
EXIT_ALREADY_RUNNING = 4
"""`acd daemon`: another daemon already serves this socket."""
EXIT_UNSAFE_SOCKET = 5
"""`acd daemon`: the directory of the socket is not private, or not usable."""
EXIT_INTERRUPTED = 130
"""The exit code that a shell reports for SIGINT."""
EXIT_BROKEN_PIPE = 141
"""The exit code that a shell reports for SIGPIPE."""


class AcdError(Exception):
    """An error that the user can understand and, with the hint, correct."""

    exit_code = EXIT_ERR

    def __init__(self, message: str, *, hint: str | None = None, exit_code: int | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code


class DaemonUnreachable(AcdError):
    """No daemon answers at the socket, and none could be started."""

    exit_code = EXIT_UNREACHABLE

    def __init__(self, socket: Path, reason: str, *, hint: str | None = None):
        super().__init__(f"no daemon at {socket}: {reason}", hint=hint)


class NotRunning(DaemonUnreachable):
    """No daemon listens at the socket, and the caller did not want one to be started."""

    def __init__(self, socket: Path):
        super().__init__(socket, "it is not running")


class DaemonRefused(AcdError):
    """The daemon replied ERR; the message is its text without `ERR `."""


class AlreadyRunning(AcdError):
    """Another daemon serves the socket."""

    exit_code = EXIT_ALREADY_RUNNING

    def __init__(self, socket: Path):
        super().__init__(
            f"another acd daemon already serves {socket}",
            hint="use it (acd status), or end it first (acd stop)",
        )


class UnsafeSocket(AcdError):
    """The socket or its directory is accessible to others, or cannot be used."""

    exit_code = EXIT_UNSAFE_SOCKET


class OutputClosed(Exception):
    """The reader of standard output has closed it: the command ends without a message."""


class ConfigError(AcdError):
    """The configuration file cannot be used; the message names file, line and key."""
