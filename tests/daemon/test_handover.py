"""From one daemon to the next: the state goes over whole, and no line that was sent is lost."""

from __future__ import annotations

import json
import signal
import socket
import threading
from typing import Any

import pytest

from testing.daemons import Nursery
from testing.request_lines import BUSY
from testing.service_manager import activate, listener
from testing.support import Client, Place


def picture(client: Client) -> list[dict[str, Any]]:
    """Everything that is shown of every session, in the order of LIST, but what time changes."""
    sessions = [client.get(name) for name in client.sessions()]
    for session in sessions:
        del session["elapsed"]
    return sessions


def test_over_a_stop_and_a_start_everything_stays_field_by_field(place: Place) -> None:
    daemon = place.start()
    with place.client() as client:
        for reply in client.ask_all(*BUSY):
            assert reply.startswith("OK")
        before = picture(client)
    assert len(before) == 5
    assert daemon.stop() == 0
    place.start()
    with place.client() as client:
        assert picture(client) == before


def test_it_stays_over_many_of_them_and_over_kills_in_between(place: Place) -> None:
    with listener(place) as sock, Nursery(place, sock) as nursery:
        daemon = nursery.start()
        with place.client() as client:
            client.ask_all(*BUSY)
            before = picture(client)
        for number in range(12):
            daemon.signal((signal.SIGTERM, signal.SIGKILL, signal.SIGINT)[number % 3])
            daemon.end()
            daemon = nursery.start()
            assert place.ask("PING") == ["OK"]
        with place.client() as client:
            assert picture(client) == before
        daemon.kill()


class Hooks:
    """Connects, sends one line and leaves, over and over, as hooks do."""

    def __init__(self, place: Place):
        self._place = place
        self._ended = threading.Event()
        self.sent = 0
        self.refused = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        # A thousand a second: enough to fall into every moment of a stop and a start.
        while not self._ended.wait(0.001):
            # Blocking: with a timeout, a full queue would be an error at once.
            with socket.socket(socket.AF_UNIX) as sock:
                try:
                    sock.connect(str(self._place.socket))
                    sock.sendall(f"SET hooked-{self.sent} working\n".encode())
                except ConnectionError:
                    self.refused += 1
                else:
                    self.sent += 1

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


@pytest.mark.timeout(120)
def test_hooks_that_never_cease_lose_nothing_while_daemons_come_and_go(place: Place) -> None:
    with listener(place) as sock, Nursery(place, sock) as nursery:
        daemon = nursery.start()
        hooks = Hooks(place)
        try:
            number = 0
            while number < 12 or hooks.sent < 100:
                number += 1
                with place.client() as client:
                    client.ask("PING")
                    if number % 2:
                        assert client.ask("STOP") == "OK"
                    else:
                        daemon.signal(signal.SIGTERM)
                daemon.end()
                daemon = nursery.start()
        finally:
            hooks.end()
        with place.client() as client:
            known = client.sessions().keys()
            lost = [n for n in range(hooks.sent) if f"hooked-{n}" not in known]
        assert (hooks.refused, lost) == (0, [])
        daemon.kill()


def test_an_upgrade_takes_the_listener_over_from_a_daemon_that_still_runs(place: Place) -> None:
    with listener(place) as sock:
        first = activate(place, [sock])
        with place.client() as client, place.client() as watching:
            watching.ask("SUBSCRIBE")
            client.ask_all(*BUSY)
            before = picture(client)
            hooks = Hooks(place)
            try:
                second = activate(place, [sock])
                assert first.end() == 0
            finally:
                hooks.end()
            # Who was connected sees the end of the connection, and comes again.
            assert all(
                line.startswith(("UPDATE ", "REMOVED ", "STATE ")) for line in watching.rest()
            )
        assert "stopping: SIGTERM" in first.log()
        assert "waiting for the former daemon to end" in second.log()
        with place.client() as client:
            assert client.info()["pid"] == second.pid
            known = client.sessions().keys()
            assert (
                hooks.refused,
                [n for n in range(hooks.sent) if f"hooked-{n}" not in known],
            ) == (
                0,
                [],
            )
            assert picture(client)[: len(before)] == before


def test_a_daemon_whose_socket_was_taken_away_gives_way_to_the_next(place: Place) -> None:
    first = place.start()
    place.ask("SET a working")
    place.socket.unlink()
    second = place.start()
    assert first.end() == 0
    with place.client() as client:
        assert client.info()["pid"] == second.pid
        assert set(client.sessions()) == {"a"}
    assert place.socket.exists(), "the first one leaves what is the second one's"


def test_of_several_that_come_at_once_each_knows_what_was_acknowledged_before(
    place: Place,
) -> None:
    with listener(place) as sock:
        daemons = [activate(place, [sock], wait=False) for _ in range(4)]
        with place.client() as client:
            assert client.ask("SET a working") == "OK"
        # Each asks whom it finds to end: who serves now, and who is last, is chance.
        with place.client() as client:
            assert set(client.sessions()) == {"a"}
        for daemon in daemons:
            daemon.signal(signal.SIGTERM)
        for daemon in daemons:
            daemon.end()
        activate(place, [sock])
        with place.client() as client:
            assert set(client.sessions()) == {"a"}


def test_a_pid_that_a_killed_daemon_left_behind_is_nobody_s_to_end(place: Place) -> None:
    place.start().kill()
    stranger = place.start(["sleep", "60"], wait=False)
    # The pid has come round, and is somebody else's now.
    (place.directory / "acd.sock.daemon").write_text(str(stranger.pid))
    second = place.start()
    assert place.ask("PING") == ["OK"]
    assert second.stop() == 0
    assert stranger.process.poll() is None


def test_a_line_of_json_is_what_info_tells(place: Place) -> None:
    place.start()
    [reply] = place.ask("INFO")
    told = json.loads(reply.removeprefix("OK "))
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
    } <= told.keys()
    assert told["protocol"] == 1
    assert told["sessions"] == {"question": 0, "attention": 0, "working": 0, "closed": 0}
