"""A private session bus (a real `dbus-daemon`) and a notification server on it."""

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


class NotificationServer:
    """org.freedesktop.Notifications: replies to calls and records them."""

    def __init__(self, address: str, capabilities: list[str]):
        self._address = address
        self.capabilities = capabilities
        self.calls: queue.Queue[tuple[Any, ...]] = queue.Queue()
        """In order: ("Notify", its arguments…) and ("CloseNotification", number)."""
        self.failing: set[str] = set()
        """The methods that return an error."""
        self.last = 0
        self.sender = ""
        """The unique name of the connection that sent the last Notify."""
        self._connection: DBusConnection = open_dbus_connection(address)
        self._connection.send_and_get_reply(
            new_method_call(BUS, "RequestName", "su", (NAME, 0)), timeout=WAIT
        )
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def call(self) -> tuple[Any, ...]:
        """The next recorded call."""
        return self.calls.get(timeout=WAIT)

    def click(self, number: int, action: str = "default", to: str | None = None) -> None:
        """Sends the signal of a click, as a broadcast or to one connection."""
        self._connection.send(click_signal(number, action, to))

    def is_connected(self, name: str) -> bool:
        """Whether a connection of that unique name is on the bus."""
        call = new_method_call(BUS, "NameHasOwner", "s", (name,))
        return bool(reply_to(self._address, call))

    def close(self) -> None:
        """Disconnects without a call; clients see only the change of the name's owner."""
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
                    result: tuple[Any, ...] = ("as", (self.capabilities,))
                case "Notify":
                    self.last += 1
                    self.sender = message.header.fields[HeaderFields.sender]
                    result = ("u", (self.last,))
                    self.calls.put(("Notify", *message.body))
                case member:
                    result = (None, ())
                    self.calls.put((member, *message.body))
            reply = new_method_return(message, *result)
            if message.header.fields[HeaderFields.member] in self.failing:
                reply = new_error(message, "org.freedesktop.DBus.Error.Failed")
            with contextlib.suppress(BrokenPipeError):  # the test has ended
                self._connection.send(reply)


def click_signal(number: int, action: str, to: str | None = None) -> Message:
    """The ActionInvoked signal, as a broadcast or to one connection."""
    signal = new_signal(_SERVER, "ActionInvoked", "us", (number, action))
    if to is not None:
        signal.header.fields[HeaderFields.destination] = to
    return signal


def reply_to(address: str, call: Message, *before: Message) -> Any:
    """The first value of the reply to a call, from a new connection that sends `before` first."""
    with open_dbus_connection(address) as connection:
        for message in before:
            connection.send(message)
        return connection.send_and_get_reply(call, timeout=WAIT).body[0]


@contextmanager
def session_bus(directory: Path) -> Iterator[str]:
    """Runs a bus and yields its address."""
    config = directory / "bus.conf"
    config.write_text(_CONFIG.format(path=directory))
    reads, writes = os.pipe()
    process = subprocess.Popen(
        ["dbus-daemon", f"--config-file={config}", "--nofork", f"--print-address={writes}"],
        pass_fds=[writes],
        stdin=subprocess.DEVNULL,
    )
    os.close(writes)
    try:
        with os.fdopen(reads) as output:
            yield output.readline().strip()
    finally:
        process.terminate()
        process.wait(WAIT)
