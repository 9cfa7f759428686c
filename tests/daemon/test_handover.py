"""Handover between daemons: the next one has the state, and no sent line is lost."""

from __future__ import annotations

import json
import signal
import socket
import threading
from typing import Any

import pytest

from testing.daemons import Daemons
from testing.request_lines import BUSY
from testing.service_manager import activate, listener
from testing.support import DaemonHome, LineClient

pytestmark = pytest.mark.slow  # they start several daemons each


def sessions_of(client: LineClient) -> list[dict[str, Any]]:
    """All fields of every session but `elapsed`, in the order of LIST."""
    sessions = [client.get(name) for name in client.sessions()]
    for session in sessions:
        del session["elapsed"]
    return sessions


def test_a_stop_and_a_start_keep_every_field(home: DaemonHome) -> None:
    daemon = home.start()
    with home.client() as client:
        for reply in client.ask_all(*BUSY):
            assert reply.startswith("OK")
        before = sessions_of(client)
    assert len(before) == 5
    assert daemon.stop() == 0
    home.start()
    with home.client() as client:
        assert sessions_of(client) == before


def test_many_stops_and_kills_keep_every_field(home: DaemonHome) -> None:
    with listener(home) as sock, Daemons(home, sock) as daemons:
        daemon = daemons.start()
        with home.client() as client:
            client.ask_all(*BUSY)
            before = sessions_of(client)
        for number in range(12):
            daemon.signal((signal.SIGTERM, signal.SIGKILL, signal.SIGINT)[number % 3])
            daemon.end()
            daemon = daemons.start()
            assert home.ask("PING") == ["OK"]
        with home.client() as client:
            assert sessions_of(client) == before
        daemon.kill()


class HookTraffic:
    """Connects, sends one line and closes, repeatedly, as hooks do."""

    def __init__(self, home: DaemonHome):
        self._home = home
        self._ended = threading.Event()
        self.sent = 0
        self.refused = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        # A thousand per second, so that some come at every moment of a stop and a start.
        while not self._ended.wait(0.001):
            # Blocking: with a timeout, connect(2) fails at once on a full queue.
            with socket.socket(socket.AF_UNIX) as sock:
                try:
                    sock.connect(str(self._home.socket))
                    sock.sendall(f"SET hooked-{self.sent} working\n".encode())
                except ConnectionError:
                    self.refused += 1
                else:
                    self.sent += 1

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


@pytest.mark.timeout(120)
def test_no_hook_s_line_is_lost_while_daemons_stop_and_start(home: DaemonHome) -> None:
    with listener(home) as sock, Daemons(home, sock) as daemons:
        daemon = daemons.start()
        hooks = HookTraffic(home)
        try:
            number = 0
            while number < 12 or hooks.sent < 100:
                number += 1
                with home.client() as client:
                    client.ask("PING")
                    if number % 2:
                        assert client.ask("STOP") == "OK"
                    else:
                        daemon.signal(signal.SIGTERM)
                daemon.end()
                daemon = daemons.start()
        finally:
            hooks.end()
        with home.client() as client:
            known = client.sessions().keys()
            lost = [n for n in range(hooks.sent) if f"hooked-{n}" not in known]
        assert (hooks.refused, lost) == (0, [])
        daemon.kill()


def test_a_new_daemon_takes_over_the_listener_of_a_running_one(home: DaemonHome) -> None:
    with listener(home) as sock:
        first = activate(home, [sock])
        with home.client() as client, home.client() as watching:
            watching.ask("SUBSCRIBE")
            client.ask_all(*BUSY)
            before = sessions_of(client)
            hooks = HookTraffic(home)
            try:
                second = activate(home, [sock])
                assert first.end() == 0
            finally:
                hooks.end()
            # The first daemon closes the connections of its clients.
            assert all(
                line.startswith(("UPDATE ", "REMOVED ", "STATE ")) for line in watching.rest()
            )
        assert "stopping: SIGTERM" in first.log()
        assert "waiting for the former daemon to end" in second.log()
        with home.client() as client:
            assert client.info()["pid"] == second.pid
            known = client.sessions().keys()
            assert (
                hooks.refused,
                [n for n in range(hooks.sent) if f"hooked-{n}" not in known],
            ) == (
                0,
                [],
            )
            assert sessions_of(client)[: len(before)] == before


def test_a_daemon_whose_socket_was_removed_ends_when_the_next_one_starts(home: DaemonHome) -> None:
    first = home.start()
    home.ask("SET a working")
    home.socket.unlink()
    second = home.start()
    assert first.end() == 0
    with home.client() as client:
        assert client.info()["pid"] == second.pid
        assert set(client.sessions()) == {"a"}
    assert home.socket.exists(), "the first one leaves the socket of the second one"


def test_several_daemons_started_at_once_keep_what_was_acknowledged(
    home: DaemonHome,
) -> None:
    with listener(home) as sock:
        daemons = [activate(home, [sock], wait=False) for _ in range(4)]
        with home.client() as client:
            assert client.ask("SET a working") == "OK"
        # Each signals the one before it; their order is random.
        with home.client() as client:
            assert set(client.sessions()) == {"a"}
        for daemon in daemons:
            daemon.signal(signal.SIGTERM)
        for daemon in daemons:
            daemon.end()
        activate(home, [sock])
        with home.client() as client:
            assert set(client.sessions()) == {"a"}


def test_a_reused_pid_in_the_lock_file_gets_no_signal(home: DaemonHome) -> None:
    home.start().kill()
    stranger = home.start(["sleep", "60"], wait=False)
    # The pid is reused by another process.
    (home.directory / "acd.sock.daemon").write_text(str(stranger.pid))
    second = home.start()
    assert home.ask("PING") == ["OK"]
    assert second.stop() == 0
    assert stranger.process.poll() is None


def test_info_replies_with_one_json_object(home: DaemonHome) -> None:
    home.start()
    [reply] = home.ask("INFO")
    info = json.loads(reply.removeprefix("OK "))
    assert {
        "version",
        "protocol",
        "pid",
        "uptime",
        "activation",
        "sessions",
        "connections",
        "subscribers",
        "idle_timeout",
        "rss",
    } <= info.keys()
    assert info["protocol"] == 1
    assert info["sessions"] == {"question": 0, "attention": 0, "working": 0, "closed": 0}
