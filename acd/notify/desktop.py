"""Notifications on the desktop: freedesktop.org's over D-Bus, and macOS's.

Responsible for showing one, for taking it back where that can be, and for
telling which was clicked. It refuses to know when to, and where a click leads.
There is a connection as long as somebody wants to hear of clicks; a bus that
starts anew gets a new one with the next notification.

Source: Desktop Notifications Specification 1.2 (freedesktop.org).
"""

from __future__ import annotations

import contextlib
import html
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from acd.errors import AcdError
from acd.notify.message import Message
from acd.system.environment import minimal

SECONDS: Final = 10.0
"""For one answer: the bus may have to start the desktop's server first."""

_NAME: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"

_CLICK: Final = "default"
"""The specification's name of what a click on the notification itself does."""

_CLICKS: Final = 64
"""How many are kept until they are asked for; nobody clicks so fast."""

Handle = list[Any]
"""Names a notification, also after a restart: JSON."""


class Desktop(Protocol):
    """Where notifications are shown."""

    def show(self, message: Message) -> Handle | None:
        """Shows it; None if it cannot be taken back. Raises AcdError."""

    def withdraw(self, handle: Handle) -> None:
        """Takes it back; one that is gone by now is no problem. Raises AcdError."""

    def listen(self) -> None:
        """From now on, as after each `show`, clicks are heard. Raises AcdError."""

    def fileno(self) -> int | None:
        """Readable when there is something to hear; None if nobody listens."""

    def clicked(self) -> list[Handle]:
        """What was clicked since the last time, of whatever is shown; it does not wait.

        Raises AcdError when no more can be heard.
        """

    def close(self) -> None:
        """Clicks are not heard any more."""

    def check(self) -> None:
        """Raises AcdError if nobody would show anything. It starts nothing."""


def desktop(environ: Mapping[str, str], *, sound: bool, platform: str = sys.platform) -> Desktop:
    """The desktop of this system. Raises AcdError where something is missing for it."""
    return (
        MacDesktop(environ, sound=sound)
        if platform == "darwin"
        else BusDesktop(environ, sound=sound)
    )


class BusDesktop:
    """The session bus's org.freedesktop.Notifications."""

    def __init__(self, environ: Mapping[str, str], *, sound: bool):
        try:
            import jeepney  # noqa: F401 - 15 ms, and only here
        except ModuleNotFoundError:
            raise AcdError(
                "notifications on the desktop need jeepney, which is not installed",
                hint=f"run: {sys.executable} -m pip install 'jeepney>=0.8'",
            ) from None
        runtime = environ.get("XDG_RUNTIME_DIR", "")
        # systemd's session bus is there, whether somebody says so or not.
        default = f"unix:path={runtime}/bus" if runtime else ""
        self._connection: Any = None
        self._heard: deque[Any] = deque(maxlen=_CLICKS)
        self._address = environ.get("DBUS_SESSION_BUS_ADDRESS") or default
        self._sound = sound
        if not self._address:
            raise AcdError(
                "there is no session bus to notify by",
                hint="DBUS_SESSION_BUS_ADDRESS is not set: run it in a desktop's session",
            )

    def show(self, message: Message) -> Handle | None:
        hints = {"urgency": ("y", 1), "category": ("s", "im")}
        if self._sound:
            hints["sound-name"] = ("s", "message-new-instant")
        with self._server() as server:
            [capabilities] = server.call("GetCapabilities")
            markup = "body-markup" in capabilities
            body = html.escape(message.body, quote=False) if markup else message.body
            actions = [_CLICK, "Go there"] if "actions" in capabilities else []
            arguments: tuple[Any, ...] = ("acd", 0, "", message.title, body, actions, hints, -1)
            [number] = server.call("Notify", "susssasa{sv}i", arguments)
            return [server.owner(), number]

    def withdraw(self, handle: Handle) -> None:
        owner, number = handle
        # Refused is what is closed already, as by a click.
        with contextlib.suppress(_Refused), self._server() as server:
            # Another server's notification of this number is somebody else's.
            if server.owner() == owner:
                server.call("CloseNotification", "u", (number,))

    def listen(self) -> None:
        with self._server():
            pass  # to be connected is enough

    def fileno(self) -> int | None:
        return None if self._connection is None else int(self._connection.sock.fileno())

    def clicked(self) -> list[Handle]:
        self._hear()
        found = [_clicked(signal) for signal in self._heard]
        self._heard.clear()
        return [handle for handle in found if handle is not None]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def check(self) -> None:
        with contextlib.closing(self), self._server() as server:
            if not server.owner() and not server.comes_when_called():
                raise AcdError(
                    "no program on the session bus shows notifications",
                    hint="log in to your desktop, or start a notification daemon in it",
                )

    @contextlib.contextmanager
    def _server(self) -> Iterator[_Server]:
        from jeepney.wrappers import DBusErrorResponse

        with contextlib.suppress(AcdError):
            self._hear()  # a connection that has ended by now is made anew
        try:
            if self._connection is None:
                self._connect()
            yield _Server(self._connection)
        except DBusErrorResponse as error:
            raise _Refused(f"the desktop refuses a notification: {error}") from None
        except TimeoutError:
            raise AcdError("the desktop cannot be told: no answer") from None
        except (OSError, ValueError, RuntimeError) as error:
            self.close()
            raise AcdError(f"the desktop cannot be told: {_reason(error)}") from None

    def _connect(self) -> None:
        """Raises DBusErrorResponse, OSError, ValueError, RuntimeError."""
        from jeepney import MatchRule
        from jeepney.io.blocking import open_dbus_connection

        about = {"interface": _NAME, "member": "ActionInvoked", "path": _PATH}
        connection = open_dbus_connection(self._address, auth_timeout=SECONDS)
        try:
            # What comes while an answer is awaited is kept, too.
            connection.filter(MatchRule(type="signal", **about), queue=self._heard)
            # Desktops send it to all, or to us alone. Of all, the bus knows who has that name.
            _Server(connection).subscribe(MatchRule(type="signal", sender=_NAME, **about))
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _hear(self) -> None:
        """Takes in what has come. Raises AcdError when the connection has ended."""
        while self._connection is not None:
            try:
                self._connection.recv_messages(timeout=0)
            except TimeoutError:
                return
            except (OSError, ValueError, RuntimeError) as error:
                self.close()
                raise AcdError(
                    "the session bus has ended the connection: until the next notification"
                    f" no click is heard: {_reason(error)}"
                ) from None


def _clicked(signal: Any) -> Handle | None:
    """The notification that was clicked, by whom the bus says the signal to come from."""
    from jeepney import HeaderFields

    match signal.body:
        case (int() as number, str(action)) if action == _CLICK:
            return [signal.header.fields.get(HeaderFields.sender), number]
    return None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or "no answer"


class _Refused(AcdError):
    """The server answered with an error."""


class _Server:
    """One connection's calls."""

    def __init__(self, connection: Any):
        self._connection = connection

    def call(self, method: str, signature: str = "", arguments: tuple[Any, ...] = ()) -> Any:
        """The answer's values. Raises DBusErrorResponse, OSError."""
        return self._ask(_NAME, _PATH, method, signature, arguments)

    def owner(self) -> str:
        """The server's own name on the bus; empty if there is none."""
        from jeepney.wrappers import DBusErrorResponse

        try:
            [owner] = self._ask_bus("GetNameOwner", "s", (_NAME,))
        except DBusErrorResponse:
            return ""
        return str(owner)

    def subscribe(self, rule: Any) -> None:
        """Signals of this rule come to this connection."""
        self._ask_bus("AddMatch", "s", (rule.serialise(),))

    def comes_when_called(self) -> bool:
        """Whether the bus can start one."""
        [names] = self._ask_bus("ListActivatableNames")
        return _NAME in names

    def _ask_bus(self, method: str, signature: str = "", arguments: tuple[Any, ...] = ()) -> Any:
        return self._ask(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", method, signature, arguments
        )

    def _ask(
        self, name: str, path: str, method: str, signature: str, arguments: tuple[Any, ...]
    ) -> Any:
        from jeepney import DBusAddress, new_method_call
        from jeepney.wrappers import unwrap_msg

        # Both have one interface, of their own name.
        address = DBusAddress(path, bus_name=name, interface=name)
        call = new_method_call(address, method, signature or None, arguments)
        return unwrap_msg(self._connection.send_and_get_reply(call, timeout=SECONDS))


class MacDesktop:
    """macOS's Notification Center, by osascript(1). It takes nothing back."""

    def __init__(self, environ: Mapping[str, str], *, sound: bool):
        self._environ = minimal(environ)
        self._sound = sound

    def show(self, message: Message) -> Handle | None:
        try:
            subprocess.run(  # noqa: S603 - a constant, and two values that it does not interpret
                self.command(message),
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise AcdError(f"osascript cannot show a notification: {error}") from None
        return None

    def command(self, message: Message) -> list[str]:
        """The argument vector. The text is no part of the script: nothing in it is run."""
        sound = ' sound name "Ping"' if self._sound else ""
        show = f"display notification (item 2 of argv) with title (item 1 of argv){sound}"
        script = ("on run argv", show, "end run")
        lines = [word for line in script for word in ("-e", line)]
        return ["/usr/bin/osascript", *lines, *message]

    def withdraw(self, handle: Handle) -> None:
        return

    def listen(self) -> None:
        return

    def fileno(self) -> int | None:
        return None

    def clicked(self) -> list[Handle]:
        return []

    def close(self) -> None:
        return

    def check(self) -> None:
        return
