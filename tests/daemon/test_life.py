"""How a daemon lives, is told things, tells things, and ends."""

from __future__ import annotations

import contextlib
import fcntl
import json
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from testing.strace import Watched
from testing.support import WAIT, Client, Daemon, Place, subscriber

IDLE = 0.005
"""Minutes: a third of a second."""


def configure_idle(place: Place, more: str = "") -> None:
    place.configure(f"[daemon]\nidle_timeout_minutes = {IDLE}\n{more}")


# Ends -------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(place: Place, daemon: Daemon, number: signal.Signals) -> None:
    place.ask("SET a working")
    daemon.signal(number)
    assert daemon.end() == 0
    assert f"stopping: {number.name}" in daemon.log()
    assert not place.socket.exists()
    place.start()
    with place.client() as client:
        assert client.get("a")["status"] == "working"


def test_stop_is_answered_and_then_obeyed(daemon: Daemon, client: Client) -> None:
    assert client.ask_all("SET a working", "STOP") == ["OK", "OK"]
    assert client.rest() == []
    assert daemon.end() == 0
    assert "stopping: a client asked for it" in daemon.log()


def test_at_a_stop_subscribers_see_the_end_of_their_connection(
    place: Place, daemon: Daemon
) -> None:
    with subscriber(place) as heard:
        daemon.signal(signal.SIGTERM)
        assert heard.rest() == []


def test_lines_that_were_sent_before_the_stop_are_answered(daemon: Daemon, client: Client) -> None:
    # More than a turn, so that some of them wait when the stop is asked for.
    client.send(*(f"SET s{n} working" for n in range(2_000)), "STOP")
    assert client.lines(2_001) == ["OK"] * 2_001
    assert daemon.end() == 0


def test_a_stop_serves_who_waits_behind_it(place: Place, daemon: Daemon, client: Client) -> None:
    lines = [f"SET s{n} working" for n in range(2_000)]
    with place.client() as other:
        other.send(*lines)
        client.send("STOP")
        assert other.lines(2_000) == ["OK"] * 2_000
    assert daemon.end() == 0


def test_a_line_that_is_half_there_at_the_stop_is_waited_for(
    place: Place, daemon: Daemon, client: Client
) -> None:
    with place.client() as hook:
        hook.sock.sendall(b"SET half ")
        client.ask("PING")
        client.send("STOP")
        daemon.wait_for("STOPPING=1")
        hook.sock.sendall(b"working\n")
        assert hook.line() == "OK"
    assert daemon.end() == 0


def test_a_client_that_never_ceases_does_not_keep_it_from_stopping(
    place: Place, daemon: Daemon
) -> None:
    ended = threading.Event()

    def flood(client: Client) -> None:
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

    with place.client() as one, place.client() as other:
        floods = [threading.Thread(target=flood, args=[client]) for client in (one, other)]
        for thread in floods:
            thread.start()
        try:
            with subscriber(place) as heard:
                heard.lines(1_000)
            daemon.signal(signal.SIGTERM)
            assert daemon.end() == 0
        finally:
            ended.set()
            for thread in floods:
                thread.join()


def test_a_silent_connection_and_a_full_one_do_not_keep_it_from_stopping(
    place: Place, daemon: Daemon, client: Client
) -> None:
    client.ask_all(*(f"SET s{n} working" for n in range(500)))
    with place.client(), place.client() as full:
        full.send(*["LIST"] * 200)
        full.sock.recv(1, socket.MSG_PEEK)
        assert daemon.stop() == 0


# Configuration ----------------------------------------------------------------


def test_a_hangup_takes_up_the_new_configuration(
    place: Place, daemon: Daemon, client: Client
) -> None:
    assert client.info()["idle_timeout"] == 600
    place.configure("[daemon]\nidle_timeout_minutes = 7.5\n[limits]\nmax_sessions = 1\n")
    daemon.signal(signal.SIGHUP)
    # A signal is heard at the next look at all descriptors, so perhaps after a line.
    while client.info()["idle_timeout"] != 450:
        pass
    assert client.ask_all("SET a working", "SET b working")[1].startswith("ERR too many sessions")
    assert "the configuration is reloaded" in daemon.log()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[daemon]\nidle_timeout_minutes = 'x'\n", ":2: daemon.idle_timeout_minutes: must be a"),
        ("[daemon]\n\nidle = 1\n", ":3: daemon.idle: no such option"),
        (
            "[sessions]\nclosed_session_retention_minutes = 1e300\n",
            ":2: sessions.closed_session_retention_minutes: must be a number, 1,000,000,000",
        ),
        ("[deamon]\n", ":1: deamon: no such section"),
        ("[daemon\n", ": not valid TOML: "),
    ],
)
def test_a_bad_file_is_told_with_line_and_key_and_the_values_stay(
    place: Place, text: str, problem: str
) -> None:
    place.configure("[limits]\nmax_sessions = 1\n")
    daemon = place.start()
    with place.client() as client:
        place.configure(text)
        daemon.signal(signal.SIGHUP)
        while "the configuration stays as it was" not in daemon.log():
            client.ask("PING")
        assert f"{place.config}{problem}" in daemon.log()
        assert client.ask_all("SET a working", "SET b working")[1].startswith("ERR too many")


def test_a_bad_file_at_the_start_is_told_and_the_defaults_serve(place: Place) -> None:
    place.configure("[daemon]\nidle_timeout_minutes = -1\n")
    daemon = place.start()
    assert f"{place.config}:2: daemon.idle_timeout_minutes: must be" in daemon.log()
    with place.client() as client:
        assert client.info()["idle_timeout"] == 600


def test_a_new_retention_holds_for_what_is_closed_already(
    place: Place, daemon: Daemon, client: Client
) -> None:
    with subscriber(place) as heard:
        client.ask_all("SET a working", "RM a")
        assert heard.lines(2)[1] == "UPDATE a closed 0"
        place.configure("[sessions]\nclosed_session_retention_minutes = 0.001\n")
        daemon.signal(signal.SIGHUP)
        assert heard.line() == "REMOVED a"


ASKS = (
    '{"session_id": "a", "hook_event_name": "PermissionRequest", "tool_name": "Bash",'
    ' "tool_input": {"command": "Secret"}}'
)


def test_a_new_rule_on_texts_and_questions_holds_for_what_is_there_already(
    place: Place, daemon: Daemon, client: Client
) -> None:
    with subscriber(place) as heard:
        assert client.ask(f"HOOK claude-code {{}} {ASKS}") == "OK"
        assert heard.line() == "UPDATE a question 0"
        place.configure("[sessions]\nquestion_as_attention = true\nkeep_text = false\n")
        daemon.signal(signal.SIGHUP)
        assert heard.line() == "UPDATE a attention 0"
    assert client.get("a")["prompt"] is None
    assert b"Secret" not in place.journal.read_bytes()


def test_a_rule_on_texts_holds_for_what_an_earlier_daemon_kept(place: Place) -> None:
    daemon = place.start()
    place.ask(f"HOOK claude-code {{}} {ASKS}")
    daemon.signal(signal.SIGKILL)
    daemon.end()
    place.configure("[sessions]\nkeep_text = false\n")
    place.start()
    with place.client() as client:
        assert client.get("a")["prompt"] is None
    assert b"Secret" not in place.journal.read_bytes()


# Deadlines --------------------------------------------------------------------


def test_with_nobody_there_it_stops_by_itself(place: Place) -> None:
    configure_idle(place)
    began = time.monotonic()
    daemon = place.start()
    assert daemon.end() == 0
    assert time.monotonic() - began > IDLE * 60
    assert "stopping: idle" in daemon.log()


def test_open_sessions_do_not_keep_it(place: Place) -> None:
    configure_idle(place)
    daemon = place.start()
    place.ask("SET a working", "SET b question")
    assert daemon.end() == 0


def test_a_connection_keeps_it_though_it_says_nothing(place: Place) -> None:
    configure_idle(place)
    daemon = place.start()
    with place.client() as client:
        time.sleep(3 * IDLE * 60)
        assert client.ask("PING") == "OK"
    assert daemon.end() == 0


@pytest.mark.parametrize("words", [["passive"], ["json", "passive"]])
def test_a_passive_subscriber_does_not_keep_it(place: Place, words: list[str]) -> None:
    configure_idle(place)
    daemon = place.start()
    with subscriber(place, *words) as heard:
        assert daemon.end() == 0
        assert heard.rest() == []


def test_one_who_looks_again_and_again_as_a_passive_subscriber_does_not_keep_it(
    place: Place,
) -> None:
    configure_idle(place)
    daemon = place.start()
    while daemon.process.poll() is None:
        with contextlib.suppress(OSError), subscriber(place, "json", "passive"):
            pass
        time.sleep(IDLE * 60 / 20)
    assert "stopping: idle" in daemon.log()


def test_a_command_of_a_passive_subscriber_sets_the_deadline_anew(place: Place) -> None:
    configure_idle(place)
    daemon = place.start()
    with subscriber(place, "passive") as heard:
        for _ in range(8):
            time.sleep(IDLE * 60 / 3)
            assert heard.ask("PING") == "OK"
        assert daemon.end() == 0


def test_one_who_looks_whether_there_is_a_daemon_does_not_hinder_the_start_of_one(
    place: Place,
) -> None:
    place.directory.mkdir(mode=0o700)
    looked_at = place.directory / "acd.sock.daemon"
    bystander = subprocess.Popen(["sleep", str(WAIT)])
    try:
        # The pid of a daemon that was killed, and is somebody else's by now.
        looked_at.write_text(str(bystander.pid))
        with looked_at.open() as held:
            fcntl.flock(held, fcntl.LOCK_SH)
            daemon = place.start(wait=False)
            with pytest.raises(subprocess.TimeoutExpired):
                bystander.wait(0.5)
        daemon.wait_for("READY=1")
    finally:
        bystander.kill()
        bystander.wait()


def test_a_subscriber_keeps_it(place: Place) -> None:
    configure_idle(place)
    place.start()
    with subscriber(place) as heard:
        time.sleep(3 * IDLE * 60)
        assert heard.ask("PING") == "OK"


def test_a_passive_subscriber_that_subscribes_like_others_keeps_it_from_then_on(
    place: Place,
) -> None:
    configure_idle(place)
    place.start()
    with subscriber(place, "passive") as heard:
        heard.send("SUBSCRIBE")
        assert heard.line() == "STATE []"
        time.sleep(3 * IDLE * 60)
        assert heard.ask("PING") == "OK"


def test_each_command_sets_the_deadline_anew(place: Place) -> None:
    configure_idle(place)
    daemon = place.start()
    for _ in range(8):
        time.sleep(IDLE * 60 / 3)
        assert place.ask("PING") == ["OK"]
    asked = time.monotonic()
    assert daemon.end() == 0
    assert time.monotonic() - asked > IDLE * 60 * 0.9


def test_a_closed_session_is_removed_at_its_time_and_not_before(place: Place) -> None:
    place.configure("[sessions]\nclosed_session_retention_minutes = 0.01\n")  # 0.6 s
    place.start()
    with subscriber(place) as heard, place.client() as client:
        client.ask_all("SET first working", "SET second working", "SET open working")
        heard.lines(3)
        closed = time.monotonic()
        client.ask("RM second")
        time.sleep(0.2)
        client.ask("RM first")
        heard.lines(2)
        assert heard.line() == "REMOVED second"
        assert 0.6 <= time.monotonic() - closed < 0.8
        assert set(client.sessions()) == {"first", "open"}
        assert heard.line() == "REMOVED first"
        assert set(client.sessions()) == {"open"}


def test_what_expired_while_nobody_ran_is_gone_at_the_start(place: Place) -> None:
    place.configure("[sessions]\nclosed_session_retention_minutes = 0.002\n")
    daemon = place.start()
    assert place.ask("SET a working", "SET b working", "RM a") == ["OK"] * 3
    daemon.kill()
    time.sleep(0.15)
    place.start()
    with place.client() as client:
        assert set(client.sessions()) == {"b"}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_an_idle_daemon_does_not_wake_up(place: Place, daemon: Daemon, client: Client) -> None:
    with subscriber(place), subscriber(place, "json"), place.client():
        client.ask_all("SET a working", "SET b question", "SET c working", "RM c")
        daemon.next_status(lambda status: "closed" in status)
        with Watched(daemon.pid, place.root / "strace.log") as watched:
            lines = watched.watch(2.0)
    # The one call in which it has been waiting all the time, interrupted by the tracer.
    waits = [line for line in lines if "epoll_pwait" in line or "restart_syscall" in line]
    assert lines == waits
    assert len(lines) <= 2, lines


# What it tells its service manager ----------------------------------------------


def test_it_tells_when_it_serves_and_when_it_stops(place: Place, daemon: Daemon) -> None:
    assert daemon.told == ["READY=1\nSTATUS=0 sessions"]
    assert place.ask("STOP") == ["OK"]
    daemon.wait_for("STOPPING=1")
    assert daemon.end() == 0


def test_its_status_counts_the_sessions_that_need_the_user_first(
    place: Place, daemon: Daemon, client: Client
) -> None:
    with subscriber(place), subscriber(place):
        client.ask_all(
            "SET a working", "SET b attention", "SET c question", "SET d working", "SET e closed"
        )
        status = daemon.next_status(lambda status: status.startswith("5"))
    assert status == ("5 sessions: 1 question, 1 attention, 2 working, 1 closed; 2 subscribers")


def test_a_subscriber_that_comes_is_counted_at_once(place: Place, daemon: Daemon) -> None:
    with subscriber(place):
        assert daemon.next_status(lambda status: "subscriber" in status) == (
            "0 sessions; 1 subscriber"
        )
    daemon.next_status(lambda status: status == "0 sessions")


def test_changes_that_come_together_are_one_status(daemon: Daemon, client: Client) -> None:
    client.ask_all(*(f"SET s{n} working" for n in range(1_000)))
    assert daemon.next_status(lambda status: status.startswith("1000")) == (
        "1000 sessions: 1000 working"
    )
    assert len(daemon.told) <= 3


def test_without_a_service_manager_it_tells_nobody(place: Place) -> None:
    daemon = place.start(environ={"NOTIFY_SOCKET": ""}, wait=False)
    while "serving" not in daemon.log():
        assert daemon.process.poll() is None
    assert place.ask("SET a working") == ["OK"]
    assert daemon.stop() == 0


def test_a_service_manager_that_is_gone_is_no_error(place: Place) -> None:
    gone = str(place.root / "nobody")
    daemon = place.start(environ={"NOTIFY_SOCKET": gone}, wait=False)
    while "serving" not in daemon.log():
        assert daemon.process.poll() is None
    assert place.ask("SET a working", "STOP") == ["OK", "OK"]
    assert daemon.end() == 0


# What it logs -------------------------------------------------------------------


def test_under_a_journal_each_line_has_its_priority(place: Place) -> None:
    # systemd.exec(5): the daemon's stderr is what JOURNAL_STREAM says.
    place.configure("[deamon]\n")
    program = (
        "import os, sys; sys.modules['systemd'] = None; found = os.fstat(2);"
        "os.environ['JOURNAL_STREAM'] = f'{found.st_dev}:{found.st_ino}';"
        "sys.argv[1:] = ['daemon'];"
        "from acd.__main__ import main; sys.exit(main())"
    )
    daemon = place.start([sys.executable, "-c", program])
    assert place.ask("STOP") == ["OK"]
    assert daemon.end() == 0
    first, second, *_ = daemon.log().splitlines()
    assert first.startswith(f"<3>{place.config}:1: deamon: no such section")
    assert second.startswith("<6>serving ")


def test_nothing_of_what_is_said_is_logged(place: Place) -> None:
    place.configure("[daemon]\nlog_level = 'info'\n")
    daemon = place.start()
    event = {
        "session_id": "hooked",
        "hook_event_name": "Stop",
        "last_assistant_message": "the secret answer",
    }
    place.ask(
        'SET a working {"prompt": "the secret prompt"}',
        "SET a working {the secret mistake}",
        f"HOOK claude-code {{}} {json.dumps(event)}",
        "HOOK nobody {} {the secret event}",
        "the secret verb",
    )
    assert daemon.stop() == 0
    assert "secret" not in daemon.log()
