"""A session bus of a test's own, with a notification server on it.

Responsible for a real `dbus-daemon` at an address of its own, and for
org.freedesktop.Notifications there. It refuses to know what is sent to it: it
answers, and hands it to the test, which may click.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from testing.support import WAIT

NAME = "org.freedesktop.Notifications"
_SERVER = DBusAddress("/org/freedesktop/Notifications", interface=NAME)
BUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}/bus</listen>
  <servicedir>{path}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Server:
    """Answers as a desktop does; the calls that matter are in `calls`, in their order."""

    def __init__(self, address: str, capabilities: list[str]):
        self._address = address
        self.capabilities = capabilities
        self.calls: queue.Queue[tuple[Any, ...]] = queue.Queue()
        """("Notify", its arguments…) and ("CloseNotification", number)."""
        self.refuses: set[str] = set()
        """The calls that it answers with an error."""
        self.last = 0
        self.asker = ""
        """The connection that sent the last Notify."""
        self._connection: DBusConnection = open_dbus_connection(address)
        self._connection.send_and_get_reply(
            new_method_call(BUS, "RequestName", "su", (NAME, 0)), timeout=WAIT
        )
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def call(self) -> tuple[Any, ...]:
        """The next call that matters."""
        return self.calls.get(timeout=WAIT)

    def click(self, number: int, action: str = "default", to: str | None = None) -> None:
        """Tells that somebody clicked: all who listen, or one connection."""
        self._connection.send(clicked(number, action, to))

    def is_there(self, name: str) -> bool:
        """Whether a connection of that name is on the bus."""
        call = new_method_call(BUS, "NameHasOwner", "s", (name,))
        return bool(ask(self._address, call))

    def close(self) -> None:
        """It goes; the bus tells nobody but those who watch its name."""
        self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(WAIT)
        self._connection.close()

    def _serve(self) -> None:
        while True:
            try:
                message = self._connection.receive()
            except (OSError, ValueError):
                return
            if message.header.message_type is not MessageType.method_call:
                continue
            match message.header.fields[HeaderFields.member]:
                case "GetCapabilities":
                    answer: tuple[Any, ...] = ("as", (self.capabilities,))
                case "Notify":
                    self.last += 1
                    self.asker = message.header.fields[HeaderFields.sender]
                    answer = ("u", (self.last,))
                    self.calls.put(("Notify", *message.body))
                case member:
                    answer = (None, ())
                    self.calls.put((member, *message.body))
            reply = new_method_return(message, *answer)
            if message.header.fields[HeaderFields.member] in self.refuses:
                reply = new_error(message, "org.freedesktop.DBus.Error.Failed")
            with contextlib.suppress(BrokenPipeError):  # the test has ended
                self._connection.send(reply)


def clicked(number: int, action: str, to: str | None = None) -> Message:
    """The signal of a click, to one connection or to all who listen."""
    signal = new_signal(_SERVER, "ActionInvoked", "us", (number, action))
    if to is not None:
        signal.header.fields[HeaderFields.destination] = to
    return signal


def ask(address: str, call: Message, *before: Message) -> Any:
    """The bus's answer to a call of one value, from a connection that sends others before it."""
    with open_dbus_connection(address) as connection:
        for message in before:
            connection.send(message)
        return connection.send_and_get_reply(call, timeout=WAIT).body[0]


@contextmanager
def session_bus(directory: Path) -> Iterator[str]:
    """The address of a bus that is gone afterwards."""
    config = directory / "bus.conf"
    config.write_text(_CONFIG.format(path=directory))
    ready, theirs = os.pipe()
    process = subprocess.Popen(
        ["dbus-daemon", f"--config-file={config}", "--nofork", f"--print-address={theirs}"],
        pass_fds=[theirs],
        stdin=subprocess.DEVNULL,
    )
    os.close(theirs)
    try:
        with os.fdopen(ready) as told:
            yield told.readline().strip()
    finally:
        process.terminate()
        process.wait(WAIT)
