"""`kill -9` at any moment: acknowledged requests survive."""

from __future__ import annotations

import random
import threading
import time
from contextlib import ExitStack

import pytest

from testing.daemons import Daemons
from testing.service_manager import listener
from testing.support import DaemonHome, subscriber
from testing.worker import Worker

KILLS = 100


@pytest.mark.timeout(300)
@pytest.mark.slow  # a hundred starts
@pytest.mark.parametrize(
    "compact_min",
    [
        pytest.param(65_536, id="appending"),
        # Many of the kills happen while the file is replaced.
        pytest.param(2_048, id="compacting all the time"),
    ],
)
def test_acknowledged_requests_survive_a_hundred_kills_at_any_moment(
    home: DaemonHome, compact_min: int
) -> None:
    chance = random.Random(7)
    workers = [Worker("alone", 1), Worker("many", 2)]
    kills = 0
    with listener(home) as sock, Daemons(home, sock, compact_min) as daemons:
        daemon = daemons.start()
        # A slow machine needs more kills until there was load.
        while kills < KILLS or any(worker.lines <= KILLS for worker in workers):
            kills += 1
            with ExitStack() as stack:
                clients = [stack.enter_context(home.client()) for _ in workers]
                # Otherwise they may wait in the queue, for the next daemon.
                assert [client.ask("PING") for client in clients] == ["OK", "OK"]
                threads = [
                    threading.Thread(target=worker.work, args=(client, batch))
                    for worker, client, batch in zip(workers, clients, (1, 300), strict=True)
                ]
                for thread in threads:
                    thread.start()
                time.sleep(chance.uniform(0, 0.03))
                daemon.kill()
                for thread in threads:
                    thread.join()
            daemon = daemons.start()
            with home.client() as client:
                for worker in workers:
                    worker.check(client)
                assert client.info()["journal_failure"] is None
        daemon.kill()
    log = daemons.log.read_text()
    assert "invalid record" not in log
    assert "Traceback" not in log


def test_a_single_request_survives_a_kill_right_after_its_reply(home: DaemonHome) -> None:
    with listener(home) as sock, Daemons(home, sock) as daemons:
        for number in range(30):
            daemon = daemons.start()
            with home.client() as client:
                assert client.ask(f"SET s{number} question") == "OK"
                daemon.kill()
        daemons.start()
        with home.client() as client:
            assert len(client.sessions()) == 30
            client.ask("STOP")


def boot_seconds() -> float:
    """The daemon's clock for durations."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) / 1e9


def test_durations_continue_across_a_kill(home: DaemonHome) -> None:
    with listener(home) as sock, Daemons(home, sock) as daemons:
        daemon = daemons.start()
        with home.client() as client:
            before = boot_seconds()
            client.ask("SET a question")
            after = boot_seconds()
        time.sleep(1)  # UPDATE has whole seconds: a duration that was lost would also be 0
        daemon.kill()
        daemon = daemons.start()
        with home.client() as client, subscriber(home) as watcher:
            shortest = boot_seconds() - after
            client.ask("SET a working")
            longest = boot_seconds() - before
            [passed] = client.get("a")["history"]
            assert shortest <= passed["duration"] <= longest
            assert watcher.line() == f"UPDATE a working {int(passed['duration'])}"
        daemon.kill()
