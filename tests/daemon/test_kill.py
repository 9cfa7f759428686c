"""`kill -9` at any moment: what was acknowledged is there."""

from __future__ import annotations

import random
import threading
import time
from contextlib import ExitStack

import pytest

from testing.daemons import Nursery
from testing.service_manager import listener
from testing.support import Place
from testing.worker import Worker

KILLS = 100


@pytest.mark.timeout(300)
@pytest.mark.slow  # a hundred starts
@pytest.mark.parametrize(
    "small",
    [
        pytest.param(65_536, id="appending"),
        # So that many of them fall into the moments in which the file is replaced.
        pytest.param(2_048, id="writing anew all the time"),
    ],
)
def test_what_was_acknowledged_outlives_a_hundred_kills_at_any_moment(
    place: Place, small: int
) -> None:
    chance = random.Random(7)
    workers = [Worker("alone", 1), Worker("many", 2)]
    with listener(place) as sock, Nursery(place, sock, small) as nursery:
        daemon = nursery.start()
        for _ in range(KILLS):
            with ExitStack() as stack:
                clients = [stack.enter_context(place.client()) for _ in workers]
                # Else they wait in the queue, and are the next daemon's.
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
            daemon = nursery.start()
            with place.client() as client:
                for worker in workers:
                    worker.check(client)
                assert client.info()["journal_failure"] is None
        assert all(worker.lines > KILLS for worker in workers), "there was no load"
        daemon.kill()
    log = nursery.log.read_text()
    assert "could not be understood" not in log
    assert "Traceback" not in log


def test_a_lone_line_is_kept_from_the_moment_of_its_answer(place: Place) -> None:
    with listener(place) as sock, Nursery(place, sock) as nursery:
        for number in range(30):
            daemon = nursery.start()
            with place.client() as client:
                assert client.ask(f"SET s{number} question") == "OK"
                daemon.kill()
        nursery.start()
        with place.client() as client:
            assert len(client.sessions()) == 30
            client.ask("STOP")


def test_durations_go_on_across_a_kill(place: Place) -> None:
    with listener(place) as sock, Nursery(place, sock) as nursery:
        daemon = nursery.start()
        with place.client() as client:
            client.ask("SET a question")
            before = client.get("a")
        time.sleep(0.6)
        daemon.kill()
        daemon = nursery.start()
        time.sleep(0.6)
        with place.client() as client:
            client.send("SUBSCRIBE", "SET a working")
            assert client.lines(3)[1:] == ["OK", "UPDATE a working 1"]
        with place.client() as client:
            [passed] = client.get("a")["history"]
            assert passed["duration"] == pytest.approx(passed["at"] - before["since"], abs=0.02)
        daemon.kill()
