"""Notifications of freedesktop.org over the session bus.

Source: Desktop Notifications Specification 1.2 (freedesktop.org).
"""

from __future__ import annotations

import contextlib
import html
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

from acd.errors import AcdError
from acd.notify.notification import Handle, Notification

DBUS_REPLY_SECONDS: Final = 10.0
"""The time limit of one reply: the bus may have to start the notification server first."""

_NAME: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"

_CLICK: Final = "default"
"""The action that the specification invokes when the notification itself is clicked."""

_CLICK_LIMIT: Final = 64
"""Clicks that are kept until `take_clicks`; the oldest are dropped."""


class DBusDesktop:
    """The session bus's org.freedesktop.Notifications.

    Its connection is open from `show` or `listen` to `close`. When the bus ends it, the next
    notification opens a new one.
    """

    def __init__(self, environ: Mapping[str, str], *, sound: bool):
        """Raises AcdError without jeepney, or without the address of a session bus."""
        try:
            import jeepney  # noqa: F401 - 15 ms, and only here
        except ModuleNotFoundError:
            raise AcdError(
                "notifications on the desktop need jeepney, which is not installed",
                hint=f"run: {sys.executable} -m pip install 'jeepney>=0.8'",
            ) from None
        runtime = environ.get("XDG_RUNTIME_DIR", "")
        # systemd's session bus has this address, also where the variable is unset.
        default = f"unix:path={runtime}/bus" if runtime else ""
        self._connection: Any = None
        self._signals: deque[Any] = deque(maxlen=_CLICK_LIMIT)
        self._address = environ.get("DBUS_SESSION_BUS_ADDRESS") or default
        self._sound = sound
        if not self._address:
            raise AcdError(
                "no session bus was found to send notifications to",
                hint="DBUS_SESSION_BUS_ADDRESS is not set: run it in a desktop session",
            )

    def show(self, notification: Notification) -> Handle | None:
        hints = {"urgency": ("y", 1), "category": ("s", "im")}
        if self._sound:
            hints["sound-name"] = ("s", "message-new-instant")
        title, body = notification
        with self._server() as server:
            [capabilities] = server.call("GetCapabilities")
            if "body-markup" in capabilities:
                body = html.escape(body, quote=False)
            actions = [_CLICK, "Go to terminal"] if "actions" in capabilities else []
            arguments: tuple[Any, ...] = ("acd", 0, "", title, body, actions, hints, -1)
            [number] = server.call("Notify", "susssasa{sv}i", arguments)
            return [server.owner(), number]

    def withdraw(self, handle: Handle) -> None:
        owner, number = handle
        # The server returns an error for one that is closed already, for example by a click.
        with contextlib.suppress(_ErrorReply), self._server() as server:
            # A number from another server may be another notification's at this one.
            if server.owner() == owner:
                server.call("CloseNotification", "u", (number,))

    def listen(self) -> None:
        with self._server():
            pass  # an open connection receives signals

    def fileno(self) -> int | None:
        return None if self._connection is None else int(self._connection.sock.fileno())

    def take_clicks(self) -> list[Handle]:
        self._receive()
        handles = [_clicked(signal) for signal in self._signals]
        self._signals.clear()
        return [handle for handle in handles if handle is not None]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def check(self) -> None:
        with contextlib.closing(self), self._server() as server:
            if not server.owner() and not server.is_activatable():
                raise AcdError(
                    "no program on the session bus shows notifications",
                    hint="log in to your desktop, or start a notification daemon in it",
                )

    @contextlib.contextmanager
    def _server(self) -> Iterator[_NotificationServer]:
        """The server, over an open connection. Raises AcdError for all errors inside."""
        from jeepney.wrappers import DBusErrorResponse

        with contextlib.suppress(AcdError):
            self._receive()  # closes a connection that the bus has ended
        try:
            if self._connection is None:
                self._connect()
            yield _NotificationServer(self._connection)
        except DBusErrorResponse as error:
            raise _ErrorReply(f"the desktop returned an error: {error}") from None
        except TimeoutError:
            raise AcdError("cannot notify the desktop: no reply") from None
        except (OSError, ValueError, RuntimeError) as error:
            self.close()
            raise AcdError(f"cannot notify the desktop: {_reason(error)}") from None

    def _connect(self) -> None:
        """Raises DBusErrorResponse, OSError, ValueError, RuntimeError."""
        from jeepney import MatchRule
        from jeepney.io.blocking import open_dbus_connection

        click = {"interface": _NAME, "member": "ActionInvoked", "path": _PATH}
        connection = open_dbus_connection(self._address, auth_timeout=DBUS_REPLY_SECONDS)
        try:
            # Signals that arrive while a reply is awaited are queued, too.
            connection.filter(MatchRule(type="signal", **click), queue=self._signals)
            # Servers broadcast the signal or send it to us alone. For broadcasts the bus
            # checks that the sender owns the name.
            _NotificationServer(connection).subscribe(
                MatchRule(type="signal", sender=_NAME, **click)
            )
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _receive(self) -> None:
        """Queues the signals received so far. Raises AcdError when the connection has ended."""
        while self._connection is not None:
            try:
                self._connection.recv_messages(timeout=0)
            except TimeoutError:
                return
            except (OSError, ValueError, RuntimeError) as error:
                self.close()
                raise AcdError(
                    "the session bus has ended the connection: clicks are ignored until the"
                    f" next notification: {_reason(error)}"
                ) from None


def _clicked(signal: Any) -> Handle | None:
    """The notification that an ActionInvoked signal names, with the sender that the bus states."""
    from jeepney import HeaderFields

    match signal.body:
        case (int() as number, str(action)) if action == _CLICK:
            return [signal.header.fields.get(HeaderFields.sender), number]
    return None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or "no reply"


class _ErrorReply(AcdError):
    """The server or the bus replied with an error."""


class _NotificationServer:
    """Calls to the notification server and to the bus. All raise DBusErrorResponse, OSError."""

    def __init__(self, connection: Any):
        self._connection = connection

    def call(self, method: str, signature: str = "", arguments: tuple[Any, ...] = ()) -> Any:
        """The values of the server's reply."""
        return self._call(_NAME, _PATH, method, signature, arguments)

    def owner(self) -> str:
        """The server's unique name on the bus; empty if there is no server."""
        from jeepney.wrappers import DBusErrorResponse

        try:
            [owner] = self._call_bus("GetNameOwner", "s", (_NAME,))
        except DBusErrorResponse:
            return ""
        return str(owner)

    def subscribe(self, rule: Any) -> None:
        """The bus delivers signals that match the rule to this connection."""
        self._call_bus("AddMatch", "s", (rule.serialise(),))

    def is_activatable(self) -> bool:
        """Whether the bus can start a notification server."""
        [names] = self._call_bus("ListActivatableNames")
        return _NAME in names

    def _call_bus(self, method: str, signature: str = "", arguments: tuple[Any, ...] = ()) -> Any:
        return self._call(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", method, signature, arguments
        )

    def _call(
        self, name: str, path: str, method: str, signature: str, arguments: tuple[Any, ...]
    ) -> Any:
        from jeepney import DBusAddress, new_method_call
        from jeepney.wrappers import unwrap_msg

        # Both the server and the bus have one interface, named like the bus name.
        address = DBusAddress(path, bus_name=name, interface=name)
        call = new_method_call(address, method, signature or None, arguments)
        return unwrap_msg(self._connection.send_and_get_reply(call, timeout=DBUS_REPLY_SECONDS))
