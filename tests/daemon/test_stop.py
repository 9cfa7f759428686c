"""Stops of a daemon: by a signal, by STOP, and beside clients that send or do not read."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import threading

import pytest

from testing.support import DaemonHome, DaemonProcess, LineClient, subscriber


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_daemon_in_order(
    home: DaemonHome, daemon: DaemonProcess, number: signal.Signals
) -> None:
    home.ask("SET a working")
    daemon.signal(number)
    assert daemon.end() == 0
    assert f"stopping: {number.name}" in daemon.log()
    assert not home.socket.exists()
    home.start()
    with home.client() as client:
        assert client.get("a")["status"] == "working"


def test_stop_gets_its_reply_before_the_daemon_ends(
    daemon: DaemonProcess, client: LineClient
) -> None:
    assert client.ask_all("SET a working", "STOP") == ["OK", "OK"]
    assert client.rest() == []
    assert daemon.end() == 0
    assert "stopping: a client sent STOP" in daemon.log()


def test_a_stop_closes_the_connections_of_subscribers(
    home: DaemonHome, daemon: DaemonProcess
) -> None:
    with subscriber(home) as watcher:
        daemon.signal(signal.SIGTERM)
        assert watcher.rest() == []


def test_requests_sent_before_stop_get_their_replies(
    daemon: DaemonProcess, client: LineClient
) -> None:
    # More than a turn, so that some of them wait when the stop begins.
    client.send(*(f"SET s{n} working" for n in range(2_000)), "STOP")
    assert client.lines(2_001) == ["OK"] * 2_001
    assert daemon.end() == 0


def test_a_stop_serves_the_requests_of_other_connections(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    lines = [f"SET s{n} working" for n in range(2_000)]
    with home.client() as other:
        other.send(*lines)
        client.send("STOP")
        assert other.lines(2_000) == ["OK"] * 2_000
    assert daemon.end() == 0


def test_a_stop_waits_for_the_rest_of_a_line(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    with home.client() as hook:
        hook.sock.sendall(b"SET half ")
        client.ask("PING")
        client.send("STOP")
        daemon.wait_for("STOPPING=1")
        hook.sock.sendall(b"working\n")
        assert hook.line() == "OK"
    assert daemon.end() == 0


def test_a_client_that_sends_without_end_does_not_prevent_the_stop(
    home: DaemonHome, daemon: DaemonProcess
) -> None:
    ended = threading.Event()

    def flood(client: LineClient) -> None:
        lines = "".join(["SET flood working\n"] * 100).encode()
        client.sock.setblocking(False)
        try:
            while not ended.is_set():
                select.select([client.sock], [client.sock], [], 1)
                with contextlib.suppress(BlockingIOError):
                    client.sock.send(lines)
                try:
                    if not client.sock.recv(1 << 16):
                        return
                except BlockingIOError:
                    pass
        except ConnectionError:
            pass

    with home.client() as one, home.client() as other:
        floods = [threading.Thread(target=flood, args=[client]) for client in (one, other)]
        for thread in floods:
            thread.start()
        try:
            with subscriber(home) as watcher:
                watcher.lines(1_000)
            daemon.signal(signal.SIGTERM)
            assert daemon.end() == 0
        finally:
            ended.set()
            for thread in floods:
                thread.join()


def test_a_silent_connection_and_a_full_one_do_not_prevent_the_stop(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    client.ask_all(*(f"SET s{n} working" for n in range(500)))
    with home.client(), home.client() as full:
        full.send(*["LIST"] * 200)
        full.sock.recv(1, socket.MSG_PEEK)
        assert daemon.stop() == 0
