"""Peers that are many, rude, foreign or half gone: nobody else notices."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import resource
import shutil
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from acd.daemon.server import TURN
from testing.service_manager import activate, listener
from testing.strace import Watched
from testing.support import WAIT, Client, Daemon, Place, subscriber

NOBODY = 65534


def limits(place: Place, **options: int) -> None:
    """Configures bounds."""
    place.configure("[limits]\n" + "".join(f"{name} = {n}\n" for name, n in options.items()))


# Limits -----------------------------------------------------------------------


def test_a_connection_too_many_is_told_so_and_closed(place: Place) -> None:
    limits(place, max_connections=3)
    daemon = place.start()
    with ExitStack() as stack:
        taken = [stack.enter_context(place.client()) for _ in range(3)]
        assert [client.ask("PING") for client in taken] == ["OK"] * 3
        late = stack.enter_context(place.client())
        assert late.rest() == ["ERR too many connections: at most 3"]
        assert [client.ask("PING") for client in taken] == ["OK"] * 3
        assert "a connection was refused: there are 3" in daemon.log()


def test_a_connection_that_ends_makes_room_for_another(place: Place) -> None:
    limits(place, max_connections=1)
    place.start()
    for _ in range(3):
        with place.client() as client:
            assert client.ask("PING") == "OK"
            client.send("STOP-THIS")  # the daemon sees our end only behind what we sent
        while True:  # it is told of the end by the kernel, not by us
            with place.client() as client:
                if client.ask("PING") == "OK":
                    break


def test_a_session_too_many_is_refused_and_the_others_stay(place: Place) -> None:
    limits(place, max_sessions=2)
    place.start()
    assert place.ask("SET a working", "SET b question", "SET c working", "SET a question") == [
        "OK",
        "OK",
        "ERR too many sessions: at most 2",
        "OK",
    ]


def test_the_longest_closed_session_goes_before_an_open_one_is_refused(place: Place) -> None:
    limits(place, max_sessions=3)
    place.start()
    place.ask("SET a working", "SET b working", "SET c working", "RM b", "RM a")
    with subscriber(place) as heard, place.client() as client:
        assert client.ask("SET d working") == "OK"
        assert heard.lines(2) == ["REMOVED b", "UPDATE d working 0"]
        assert client.ask("SET e working") == "OK"
        assert client.ask("SET f working") == "ERR too many sessions: at most 3"
        assert set(client.sessions()) == {"c", "d", "e"}


def test_a_hook_s_session_too_many_is_refused_like_any_other(place: Place) -> None:
    limits(place, max_sessions=1)
    place.start()
    event = json.dumps({"session_id": "b", "hook_event_name": "UserPromptSubmit"})
    assert place.ask("SET a working", f"HOOK claude-code {{}} {event}") == [
        "OK",
        "ERR too many sessions: at most 1",
    ]


def test_metadata_is_taken_up_to_its_limit_and_not_past_it(place: Place) -> None:
    limits(place, max_metadata=1_000)
    place.start()
    fits = '{"x": "%s"}' % ("y" * (1_000 - 9))
    assert place.ask(f"SET a working {fits}", f'SET b working {fits[:-2]}y"}}') == [
        "OK",
        "ERR invalid metadata: at most 1000 bytes, not 1001",
    ]


def test_metadata_cannot_grow_past_its_limit_a_little_at_a_time(place: Place) -> None:
    limits(place, max_metadata=1_000)
    place.start()
    replies = place.ask(*(f'SET a working {{"key{n}": "{"y" * 90}"}}' for n in range(20)))
    assert replies[0] == "OK"
    assert replies[-1] == "ERR invalid metadata: a session's may have at most 1000 bytes"


def test_a_line_s_limit_is_configured(place: Place) -> None:
    limits(place, max_line=1_024)
    place.start()
    assert place.ask("HISTORY " + "x" * 1_016, "HISTORY " + "x" * 1_017) == [
        "ERR session not found",
        "ERR line too long: at most 1024 bytes",
    ]


# Many ---------------------------------------------------------------------------


def test_a_thousand_idle_connections_leave_room_for_one_that_is_not(
    place: Place, client: Client
) -> None:
    before = client.info()["rss"]
    with ExitStack() as stack:
        for _ in range(1_000):
            stack.enter_context(place.client())
        with place.client() as late:
            assert late.ask("SET late working") == "OK"
            info = late.info()
        assert info["connections"] == 1_002
        assert (info["rss"] - before) / 1_000 < 12_000, "bytes for each"


def test_a_thousand_half_lines_are_held_in_bounded_memory(place: Place, client: Client) -> None:
    with ExitStack() as stack:
        halves = [stack.enter_context(place.client()) for _ in range(300)]
        client.ask("PING")
        before = client.info()["rss"]
        for half in halves:
            half.sock.sendall(b"SET half working " + b"x" * 60_000)
        # All is read when the last one has been answered for something later.
        for half in halves:
            half.sock.sendall(b"\n")
            assert half.line().startswith("ERR invalid metadata")
        assert (client.info()["rss"] - before) / 300 < 2 * 65_536


def test_a_hook_that_names_ever_new_directories_costs_no_memory(client: Client) -> None:
    event = '{"session_id":"a","hook_event_name":"PostToolUse"}'

    def name_some(begin: int, end: int) -> int:
        for first in range(begin, end, 500):
            metas = (
                f'{{"pid":{os.getpid()},"config_dir":"/nowhere/{n}"}}'
                for n in range(first, first + 500)
            )
            assert client.ask_all(*(f"HOOK claude-code {meta} {event}" for meta in metas))
        rss: int = client.info()["rss"]
        return rss

    before = name_some(0, 2_000)
    assert name_some(2_000, 12_000) - before < 2_000_000


def test_one_client_s_flood_is_served_in_turns_with_the_others(place: Place) -> None:
    flooding = 8_000
    with listener(place) as sock, ExitStack() as stack:
        # All that is sent before the daemon begins is there at once.
        heard, flood, polite = (stack.enter_context(place.client()) for _ in range(3))
        heard.send("SUBSCRIBE")
        flood.send(*(f"SET f{n % 10} working" for n in range(flooding)))
        polite.send("SET polite working")
        activate(place, [sock])
        assert heard.line() == "STATE []"
        turn = iter(heard.line, "UPDATE polite working 0")
        assert len(list(turn)) <= 2 * TURN, "two turns of the flood, of very many"
        assert flood.lines(flooding) == ["OK"] * flooding


# Half gone ------------------------------------------------------------------------


def test_who_says_that_nothing_more_comes_still_gets_every_reply(client: Client) -> None:
    client.send(*(["SET a working", "PING"] * 2_500))
    client.sock.shutdown(socket.SHUT_WR)
    assert client.rest() == ["OK"] * 5_000


def test_who_leaves_without_reading_harms_nobody(place: Place, client: Client) -> None:
    client.ask_all(*(f"SET s{n} working" for n in range(500)))
    for lines in (["LIST"] * 50, ["SUBSCRIBE json", "LIST"], ["GET s1"] * 2_000):
        for _ in range(10):
            with place.client() as rude:
                rude.send(*lines)
    with subscriber(place) as heard:
        assert client.ask("SET s1 question") == "OK"
        assert heard.line() == "UPDATE s1 question 0"
    assert client.info()["pid"]


def test_a_line_that_was_sent_is_applied_though_nobody_waits_for_its_reply(
    place: Place, client: Client
) -> None:
    client.ask("SUBSCRIBE")
    for number in range(100):
        with place.client() as hook:
            hook.send(f"SET s{number} working")
    assert client.lines(100) == [f"UPDATE s{number} working 0" for number in range(100)]


def test_peers_that_go_leave_nothing_behind(place: Place, client: Client, daemon: Daemon) -> None:
    def open_files() -> int:
        return len(list(Path(f"/proc/{daemon.pid}/fd").iterdir()))

    assert client.ask("PING") == "OK"  # from now on it is among the open files
    before = open_files()
    for _ in range(20):
        with ExitStack() as stack:
            for words in ("SUBSCRIBE", "SUBSCRIBE json passive", "PING", "SET half"):
                stack.enter_context(place.client()).send(words)
    # It hears of each end in its own time, but it does hear of it.
    while client.info()["connections"] > 1 or open_files() > before:
        pass
    assert client.info()["subscribers"] == 0


# Out of descriptors -----------------------------------------------------------------


@pytest.fixture
def starved(daemon: Daemon, client: Client) -> Daemon:
    """A daemon that may open no more files than it has."""
    assert client.ask("PING") == "OK"
    taken = {int(entry.name) for entry in Path(f"/proc/{daemon.pid}/fd").iterdir()}
    free = next(number for number in itertools.count() if number not in taken)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (free, 20_000))
    return daemon


def test_without_descriptors_who_is_there_is_served_and_who_comes_is_turned_away(
    place: Place, client: Client, starved: Daemon
) -> None:
    for _ in range(20):
        with place.client() as late:
            assert late.rest() == []
        assert client.ask("PING") == "OK"
    resource.prlimit(starved.pid, resource.RLIMIT_NOFILE, (20_000, 20_000))
    assert place.ask("PING") == ["OK"], "service resumes"


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_without_descriptors_the_daemon_does_not_spin(place: Place, starved: Daemon) -> None:
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(place.client())
        with Watched(starved.pid, place.root / "strace.log") as watched:
            lines = watched.watch(0.5)
    assert len(lines) < 50, lines[-10:]


def test_a_hard_limit_of_descriptors_bounds_the_connections(place: Place) -> None:
    def few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))

    daemon = place.start(preexec_fn=few_files)
    assert "at most 100 files may be open, so fewer connections" in daemon.log()
    with ExitStack() as stack:
        clients = [stack.enter_context(place.client()) for _ in range(36)]
        assert [client.ask("PING") for client in clients] == ["OK"] * 36
        late = stack.enter_context(place.client())
        assert late.rest() == ["ERR too many connections: at most 36"]


# Others -----------------------------------------------------------------------------


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be somebody else too")
def test_another_user_who_reaches_the_socket_is_refused_and_not_heard(
    place: Place, client: Client, daemon: Daemon
) -> None:
    # As it never is: open to everybody.
    for path in (place.root, place.directory):
        path.chmod(0o711)
    place.socket.chmod(0o666)
    mine, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(WAIT)
                sock.connect(str(place.socket))
                with contextlib.suppress(BrokenPipeError):  # refused before it spoke
                    sock.sendall(b"SET intruder working\nLIST\n")
                while data := sock.recv(4096):
                    os.write(theirs, data)
        except ConnectionResetError:  # what it sent was never read
            pass
        except BaseException as error:
            os.write(theirs, repr(error).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(mine) as heard:
        assert heard.read() == "ERR permission denied: this daemon serves its own user only\n"
    os.waitpid(pid, 0)
    assert client.sessions() == {}
    assert f"a connection of user {NOBODY} was refused" in daemon.log()
