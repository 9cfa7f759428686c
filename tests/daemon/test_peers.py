"""Many, misbehaving, foreign and half-closed peers do not disturb the others."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from acd.daemon.server import BATCH_LINES
from testing.service_manager import activate, listener
from testing.strace import Attached, needs_strace
from testing.support import WAIT, DaemonHome, DaemonProcess, LineClient, subscriber

NOBODY = 65534


def limits(home: DaemonHome, **options: int) -> None:
    """Configures limits."""
    home.configure("[limits]\n" + "".join(f"{name} = {n}\n" for name, n in options.items()))


# Limits -----------------------------------------------------------------------


def test_a_connection_beyond_the_limit_gets_an_error_and_is_closed(home: DaemonHome) -> None:
    limits(home, max_connections=3)
    daemon = home.start()
    with ExitStack() as stack:
        taken = [stack.enter_context(home.client()) for _ in range(3)]
        assert [client.ask("PING") for client in taken] == ["OK"] * 3
        late = stack.enter_context(home.client())
        assert late.rest() == ["ERR too many connections: at most 3"]
        assert [client.ask("PING") for client in taken] == ["OK"] * 3
        assert "a connection was refused: there are 3" in daemon.log()


def test_a_closed_connection_makes_room_for_another(home: DaemonHome) -> None:
    limits(home, max_connections=1)
    home.start()
    for _ in range(3):
        with home.client() as client:
            assert client.ask("PING") == "OK"
            client.send("STOP-THIS")  # the daemon sees the end after this line
        while True:  # until the daemon has seen the end
            with home.client() as client:
                if client.ask("PING") == "OK":
                    break


def test_a_session_beyond_the_limit_is_refused_and_the_others_stay(home: DaemonHome) -> None:
    limits(home, max_sessions=2)
    home.start()
    assert home.ask("SET a working", "SET b question", "SET c working", "SET a question") == [
        "OK",
        "OK",
        "ERR too many sessions: at most 2",
        "OK",
    ]


def test_a_new_session_replaces_the_session_that_closed_first(home: DaemonHome) -> None:
    limits(home, max_sessions=3)
    home.start()
    home.ask("SET a working", "SET b working", "SET c working", "RM b", "RM a")
    with subscriber(home) as watcher, home.client() as client:
        assert client.ask("SET d working") == "OK"
        assert watcher.lines(2) == ["REMOVED b", "UPDATE d working 0"]
        assert client.ask("SET e working") == "OK"
        assert client.ask("SET f working") == "ERR too many sessions: at most 3"
        assert set(client.sessions()) == {"c", "d", "e"}


def test_a_hook_s_session_beyond_the_limit_is_refused(home: DaemonHome) -> None:
    limits(home, max_sessions=1)
    home.start()
    event = json.dumps({"session_id": "b", "hook_event_name": "UserPromptSubmit"})
    assert home.ask("SET a working", f"HOOK claude-code {{}} {event}") == [
        "OK",
        "ERR too many sessions: at most 1",
    ]


def test_metadata_beyond_its_limit_is_refused(home: DaemonHome) -> None:
    limits(home, max_metadata=1_000)
    home.start()
    fits = '{"x": "%s"}' % ("y" * (1_000 - 9))
    assert home.ask(f"SET a working {fits}", f'SET b working {fits[:-2]}y"}}') == [
        "OK",
        "ERR invalid metadata: at most 1000 bytes, not 1001",
    ]


def test_metadata_cannot_grow_beyond_its_limit_in_small_steps(home: DaemonHome) -> None:
    limits(home, max_metadata=1_000)
    home.start()
    replies = home.ask(*(f'SET a working {{"key{n}": "{"y" * 90}"}}' for n in range(20)))
    assert replies[0] == "OK"
    assert replies[-1] == "ERR invalid metadata: a session's may have at most 1000 bytes"


def test_the_limit_of_a_line_is_configured(home: DaemonHome) -> None:
    limits(home, max_line=1_024)
    home.start()
    assert home.ask("HISTORY " + "x" * 1_016, "HISTORY " + "x" * 1_017) == [
        "ERR session not found",
        "ERR line too long: at most 1024 bytes",
    ]


# Many ---------------------------------------------------------------------------


def test_a_request_is_served_beside_a_thousand_idle_connections(
    home: DaemonHome, client: LineClient
) -> None:
    before = client.info()["rss"]
    with ExitStack() as stack:
        for _ in range(1_000):
            stack.enter_context(home.client())
        with home.client() as late:
            assert late.ask("SET late working") == "OK"
            info = late.info()
        assert info["connections"] == 1_002
        assert (info["rss"] - before) / 1_000 < 12_000, "bytes for each"


def test_many_incomplete_lines_take_bounded_memory(home: DaemonHome, client: LineClient) -> None:
    with ExitStack() as stack:
        halves = [stack.enter_context(home.client()) for _ in range(300)]
        client.ask("PING")
        before = client.info()["rss"]
        for half in halves:
            half.sock.sendall(b"SET half working " + b"x" * 60_000)
        # A reply shows that the daemon has read everything before.
        for half in halves:
            half.sock.sendall(b"\n")
            assert half.line().startswith("ERR invalid metadata")
        assert (client.info()["rss"] - before) / 300 < 2 * 65_536


@pytest.mark.slow  # sends until the memory would show
def test_hooks_with_ever_new_directories_take_no_memory(client: LineClient) -> None:
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


def test_one_client_s_flood_is_served_in_turns_with_the_others(home: DaemonHome) -> None:
    flooding = 8_000
    with listener(home) as sock, ExitStack() as stack:
        # What is sent before the start is available to the daemon at once.
        watcher, flood, polite = (stack.enter_context(home.client()) for _ in range(3))
        watcher.send("SUBSCRIBE")
        flood.send(*(f"SET f{n % 10} working" for n in range(flooding)))
        polite.send("SET polite working")
        activate(home, [sock])
        assert watcher.line() == "STATE []"
        turn = iter(watcher.line, "UPDATE polite working 0")
        assert len(list(turn)) <= 2 * BATCH_LINES, "two turns of the flood, of very many"
        assert flood.lines(flooding) == ["OK"] * flooding


# Half-closed connections -------------------------------------------------------------


def test_a_client_that_shuts_down_writing_gets_every_reply(client: LineClient) -> None:
    client.send(*(["SET a working", "PING"] * 2_500))
    client.sock.shutdown(socket.SHUT_WR)
    assert client.rest() == ["OK"] * 5_000


def test_a_client_that_leaves_without_reading_disturbs_no_other(
    home: DaemonHome, client: LineClient
) -> None:
    client.ask_all(*(f"SET s{n} working" for n in range(500)))
    for lines in (["LIST"] * 50, ["SUBSCRIBE json", "LIST"], ["GET s1"] * 2_000):
        for _ in range(10):
            with home.client() as rude:
                rude.send(*lines)
    with subscriber(home) as watcher:
        assert client.ask("SET s1 question") == "OK"
        assert watcher.line().startswith("UPDATE s1 question ")
    assert client.info()["pid"]


def test_a_request_is_applied_though_its_client_has_left(
    home: DaemonHome, client: LineClient
) -> None:
    client.ask("SUBSCRIBE")
    for number in range(100):
        with home.client() as hook:
            hook.send(f"SET s{number} working")
    assert client.lines(100) == [f"UPDATE s{number} working 0" for number in range(100)]


def test_connections_that_ended_leave_no_descriptors(
    home: DaemonHome, client: LineClient, daemon: DaemonProcess
) -> None:
    def open_files() -> int:
        return len(list(Path(f"/proc/{daemon.pid}/fd").iterdir()))

    assert client.ask("PING") == "OK"  # now its connection is among the open files
    before = open_files()
    for _ in range(20):
        with ExitStack() as stack:
            for words in ("SUBSCRIBE", "SUBSCRIBE json passive", "PING", "SET half"):
                stack.enter_context(home.client()).send(words)
    # The daemon sees the ends one after another.
    while client.info()["connections"] > 1 or open_files() > before:
        pass
    assert client.info()["subscribers"] == 0


# Out of descriptors -----------------------------------------------------------------


@pytest.fixture
def starved(daemon: DaemonProcess, client: LineClient) -> DaemonProcess:
    """A daemon that may open no more files than it has."""
    assert client.ask("PING") == "OK"
    taken = {int(entry.name) for entry in Path(f"/proc/{daemon.pid}/fd").iterdir()}
    free = next(number for number in itertools.count() if number not in taken)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (free, 20_000))
    return daemon


def test_without_free_descriptors_connected_clients_are_served_and_new_ones_closed(
    home: DaemonHome, client: LineClient, starved: DaemonProcess
) -> None:
    for _ in range(20):
        with home.client() as late:
            assert late.rest() == []
        assert client.ask("PING") == "OK"
    resource.prlimit(starved.pid, resource.RLIMIT_NOFILE, (20_000, 20_000))
    assert home.ask("PING") == ["OK"], "service resumes"


@needs_strace
def test_without_free_descriptors_the_daemon_does_not_spin(
    home: DaemonHome, starved: DaemonProcess
) -> None:
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(home.client())
        with Attached(starved.pid, home.root / "strace.log") as trace:
            time.sleep(0.5)  # a daemon that spins makes thousands of calls meanwhile
            lines = trace.lines()
    assert len(lines) < 50, lines[-10:]


def test_a_hard_limit_of_descriptors_bounds_the_connections(home: DaemonHome) -> None:
    def few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))

    daemon = home.start(preexec_fn=few_files)
    assert "at most 100 files may be open, so fewer connections" in daemon.log()
    with ExitStack() as stack:
        clients = [stack.enter_context(home.client()) for _ in range(36)]
        assert [client.ask("PING") for client in clients] == ["OK"] * 36
        late = stack.enter_context(home.client())
        assert late.rest() == ["ERR too many connections: at most 36"]


# Others -----------------------------------------------------------------------------


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become another user")
def test_another_user_who_reaches_the_socket_is_refused(
    home: DaemonHome, client: LineClient, daemon: DaemonProcess
) -> None:
    # Accessible to all users, which it is in this test only.
    for path in (home.root, home.directory):
        path.chmod(0o711)
    home.socket.chmod(0o666)
    mine, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(WAIT)
                sock.connect(str(home.socket))
                with contextlib.suppress(BrokenPipeError):  # it was refused before
                    sock.sendall(b"SET intruder working\nLIST\n")
                while data := sock.recv(4096):
                    os.write(theirs, data)
        except ConnectionResetError:  # its request was never read
            pass
        except BaseException as error:
            os.write(theirs, repr(error).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(mine) as output:
        assert output.read() == "ERR permission denied: this daemon serves its own user only\n"
    os.waitpid(pid, 0)
    assert client.sessions() == {}
    assert f"a connection of user {NOBODY} was refused" in daemon.log()
