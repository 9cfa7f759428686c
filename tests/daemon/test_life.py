"""Life of a daemon: stops, configuration, timers, messages to the service manager, logging."""

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

from testing.strace import Attached
from testing.support import WAIT, DaemonHome, DaemonProcess, LineClient, subscriber

IDLE = 0.005
"""Minutes: a third of a second."""


def configure_idle(home: DaemonHome, more: str = "") -> None:
    home.configure(f"[daemon]\nidle_timeout_minutes = {IDLE}\n{more}")


# Stops ------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(
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
    assert "stopping: a client asked for it" in daemon.log()


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


# Configuration ----------------------------------------------------------------


def test_sighup_reloads_the_configuration(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    assert client.info()["idle_timeout"] == 600
    home.configure("[daemon]\nidle_timeout_minutes = 7.5\n[limits]\nmax_sessions = 1\n")
    daemon.signal(signal.SIGHUP)
    # The daemon handles a signal at its next poll, perhaps after a request.
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
def test_an_invalid_file_is_reported_with_line_and_key_and_the_values_stay(
    home: DaemonHome, text: str, problem: str
) -> None:
    home.configure("[limits]\nmax_sessions = 1\n")
    daemon = home.start()
    with home.client() as client:
        home.configure(text)
        daemon.signal(signal.SIGHUP)
        while "the configuration stays as it was" not in daemon.log():
            client.ask("PING")
        assert f"{home.config}{problem}" in daemon.log()
        assert client.ask_all("SET a working", "SET b working")[1].startswith("ERR too many")


def test_an_invalid_file_at_the_start_is_reported_and_the_defaults_apply(home: DaemonHome) -> None:
    home.configure("[daemon]\nidle_timeout_minutes = -1\n")
    daemon = home.start()
    assert f"{home.config}:2: daemon.idle_timeout_minutes: must be" in daemon.log()
    with home.client() as client:
        assert client.info()["idle_timeout"] == 600


def test_a_new_retention_applies_to_closed_sessions(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    with subscriber(home) as watcher:
        client.ask_all("SET a working", "RM a")
        assert watcher.lines(2)[1] == "UPDATE a closed 0"
        home.configure("[sessions]\nclosed_session_retention_minutes = 0.001\n")
        daemon.signal(signal.SIGHUP)
        assert watcher.line() == "REMOVED a"


ASKS = (
    '{"session_id": "a", "hook_event_name": "PermissionRequest", "tool_name": "Bash",'
    ' "tool_input": {"command": "Secret"}}'
)


def test_a_new_rule_on_texts_and_questions_applies_to_existing_sessions(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    with subscriber(home) as watcher:
        assert client.ask(f"HOOK claude-code {{}} {ASKS}") == "OK"
        assert watcher.line() == "UPDATE a question 0"
        home.configure("[sessions]\nquestion_as_attention = true\nkeep_text = false\n")
        daemon.signal(signal.SIGHUP)
        assert watcher.line() == "UPDATE a attention 0"
    assert client.get("a")["prompt"] is None
    assert b"Secret" not in home.journal.read_bytes()


def test_a_rule_on_texts_applies_to_the_state_of_an_earlier_daemon(home: DaemonHome) -> None:
    daemon = home.start()
    home.ask(f"HOOK claude-code {{}} {ASKS}")
    daemon.signal(signal.SIGKILL)
    daemon.end()
    home.configure("[sessions]\nkeep_text = false\n")
    home.start()
    with home.client() as client:
        assert client.get("a")["prompt"] is None
    assert b"Secret" not in home.journal.read_bytes()


# Timers -----------------------------------------------------------------------


def test_without_clients_it_stops_when_idle(home: DaemonHome) -> None:
    configure_idle(home)
    began = time.monotonic()
    daemon = home.start()
    assert daemon.end() == 0
    assert time.monotonic() - began > IDLE * 60
    assert "stopping: idle" in daemon.log()


def test_open_sessions_do_not_prevent_the_idle_stop(home: DaemonHome) -> None:
    configure_idle(home)
    daemon = home.start()
    home.ask("SET a working", "SET b question")
    assert daemon.end() == 0


def test_a_silent_connection_prevents_the_idle_stop(home: DaemonHome) -> None:
    configure_idle(home)
    daemon = home.start()
    with home.client() as client:
        time.sleep(3 * IDLE * 60)
        assert client.ask("PING") == "OK"
    assert daemon.end() == 0


@pytest.mark.parametrize("words", [["passive"], ["json", "passive"]])
def test_a_passive_subscriber_does_not_prevent_the_idle_stop(
    home: DaemonHome, words: list[str]
) -> None:
    configure_idle(home)
    daemon = home.start()
    with subscriber(home, *words) as watcher:
        assert daemon.end() == 0
        assert watcher.rest() == []


def test_repeated_passive_subscriptions_do_not_prevent_the_idle_stop(
    home: DaemonHome,
) -> None:
    configure_idle(home)
    daemon = home.start()
    while daemon.process.poll() is None:
        with contextlib.suppress(OSError), subscriber(home, "json", "passive"):
            pass
        time.sleep(IDLE * 60 / 20)
    assert "stopping: idle" in daemon.log()


def test_a_request_of_a_passive_subscriber_restarts_the_idle_timeout(home: DaemonHome) -> None:
    configure_idle(home)
    daemon = home.start()
    with subscriber(home, "passive") as watcher:
        for _ in range(8):
            time.sleep(IDLE * 60 / 3)
            assert watcher.ask("PING") == "OK"
        assert daemon.end() == 0


def test_a_check_for_a_daemon_does_not_delay_the_start_of_one(
    home: DaemonHome,
) -> None:
    home.directory.mkdir(mode=0o700)
    lock_file = home.directory / "acd.sock.daemon"
    bystander = subprocess.Popen(["sleep", str(WAIT)])
    try:
        # The pid of a killed daemon, reused by another process.
        lock_file.write_text(str(bystander.pid))
        with lock_file.open() as held:
            fcntl.flock(held, fcntl.LOCK_SH)
            daemon = home.start(wait=False)
            with pytest.raises(subprocess.TimeoutExpired):
                bystander.wait(0.5)
        daemon.wait_for("READY=1")
    finally:
        bystander.kill()
        bystander.wait()


def test_a_subscriber_prevents_the_idle_stop(home: DaemonHome) -> None:
    configure_idle(home)
    home.start()
    with subscriber(home) as watcher:
        time.sleep(3 * IDLE * 60)
        assert watcher.ask("PING") == "OK"


def test_a_passive_subscriber_that_becomes_an_active_one_prevents_the_idle_stop(
    home: DaemonHome,
) -> None:
    configure_idle(home)
    home.start()
    with subscriber(home, "passive") as watcher:
        watcher.send("SUBSCRIBE")
        assert watcher.line() == "STATE []"
        time.sleep(3 * IDLE * 60)
        assert watcher.ask("PING") == "OK"


def test_each_request_restarts_the_idle_timeout(home: DaemonHome) -> None:
    configure_idle(home)
    daemon = home.start()
    for _ in range(8):
        time.sleep(IDLE * 60 / 3)
        assert home.ask("PING") == ["OK"]
    asked = time.monotonic()
    assert home.ask("PING") == ["OK"]
    assert daemon.end() == 0
    assert time.monotonic() - asked >= IDLE * 60


def test_a_closed_session_is_removed_after_its_retention_and_not_before(home: DaemonHome) -> None:
    home.configure("[sessions]\nclosed_session_retention_minutes = 0.01\n")  # 0.6 s
    home.start()
    with subscriber(home) as watcher, home.client() as client:
        client.ask_all("SET first working", "SET second working", "SET open working")
        watcher.lines(3)
        closed = time.monotonic()
        client.ask("RM second")
        time.sleep(0.2)
        client.ask("RM first")
        watcher.lines(2)
        assert watcher.line() == "REMOVED second"
        assert time.monotonic() - closed >= 0.6
        assert set(client.sessions()) == {"first", "open"}
        assert watcher.line() == "REMOVED first"
        assert set(client.sessions()) == {"open"}


def test_a_session_that_expired_without_a_daemon_is_removed_at_the_start(home: DaemonHome) -> None:
    home.configure("[sessions]\nclosed_session_retention_minutes = 0.002\n")
    daemon = home.start()
    assert home.ask("SET a working", "SET b working", "RM a") == ["OK"] * 3
    daemon.kill()
    time.sleep(0.15)
    home.start()
    with home.client() as client:
        assert set(client.sessions()) == {"b"}


@pytest.mark.slow  # watches it for two seconds
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_an_idle_daemon_does_not_wake_up(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    with subscriber(home), subscriber(home, "json"), home.client():
        client.ask_all("SET a working", "SET b question", "SET c working", "RM c")
        daemon.next_status(lambda status: "closed" in status)
        with Attached(daemon.pid, home.root / "strace.log") as trace:
            lines = trace.record(2.0)
    # The call in which it waits, interrupted once by the tracer.
    waits = [line for line in lines if "epoll_pwait" in line or "restart_syscall" in line]
    assert lines == waits
    assert len(lines) <= 2, lines


# Messages to the service manager ------------------------------------------------


def test_it_notifies_systemd_when_it_serves_and_when_it_stops(
    home: DaemonHome, daemon: DaemonProcess
) -> None:
    assert daemon.notifications == ["READY=1\nSTATUS=0 sessions"]
    assert home.ask("STOP") == ["OK"]
    daemon.wait_for("STOPPING=1")
    assert daemon.end() == 0


def test_its_status_counts_the_sessions_that_need_the_user_first(
    home: DaemonHome, daemon: DaemonProcess, client: LineClient
) -> None:
    with subscriber(home), subscriber(home):
        client.ask_all(
            "SET a working", "SET b attention", "SET c question", "SET d working", "SET e closed"
        )
        status = daemon.next_status(lambda status: status.startswith("5"))
    assert status == ("5 sessions: 1 question, 1 attention, 2 working, 1 closed; 2 subscribers")


def test_the_status_counts_a_new_subscriber(home: DaemonHome, daemon: DaemonProcess) -> None:
    with subscriber(home):
        assert daemon.next_status(lambda status: "subscriber" in status) == (
            "0 sessions; 1 subscriber"
        )
    daemon.next_status(lambda status: status == "0 sessions")


def test_a_burst_of_changes_is_one_status(daemon: DaemonProcess, client: LineClient) -> None:
    client.ask_all(*(f"SET s{n} working" for n in range(1_000)))
    assert daemon.next_status(lambda status: status.startswith("1000")) == (
        "1000 sessions: 1000 working"
    )
    assert len(daemon.notifications) <= 3


def test_it_runs_without_a_service_manager(home: DaemonHome) -> None:
    daemon = home.start(environ={"NOTIFY_SOCKET": ""}, wait=False)
    while "serving" not in daemon.log():
        assert daemon.process.poll() is None
    assert home.ask("SET a working") == ["OK"]
    assert daemon.stop() == 0


def test_a_service_manager_that_is_gone_is_no_error(home: DaemonHome) -> None:
    gone = str(home.root / "nobody")
    daemon = home.start(environ={"NOTIFY_SOCKET": gone}, wait=False)
    while "serving" not in daemon.log():
        assert daemon.process.poll() is None
    assert home.ask("SET a working", "STOP") == ["OK", "OK"]
    assert daemon.end() == 0


# Logging ------------------------------------------------------------------------


def test_under_a_journal_each_line_has_its_priority(home: DaemonHome) -> None:
    # systemd.exec(5): JOURNAL_STREAM identifies the daemon's stderr.
    home.configure("[deamon]\n")
    program = (
        "import os, sys; sys.modules['systemd'] = None; found = os.fstat(2);"
        "os.environ['JOURNAL_STREAM'] = f'{found.st_dev}:{found.st_ino}';"
        "sys.argv[1:] = ['daemon'];"
        "from acd.__main__ import main; sys.exit(main())"
    )
    daemon = home.start([sys.executable, "-c", program])
    assert home.ask("STOP") == ["OK"]
    assert daemon.end() == 0
    first, second, *_ = daemon.log().splitlines()
    assert first.startswith(f"<3>{home.config}:1: deamon: no such section")
    assert second.startswith("<6>serving ")


def test_no_text_of_a_request_is_logged(home: DaemonHome) -> None:
    home.configure("[daemon]\nlog_level = 'info'\n")
    daemon = home.start()
    event = {
        "session_id": "hooked",
        "hook_event_name": "Stop",
        "last_assistant_message": "the secret answer",
    }
    home.ask(
        'SET a working {"prompt": "the secret prompt"}',
        "SET a working {the secret mistake}",
        f"HOOK claude-code {{}} {json.dumps(event)}",
        "HOOK nobody {} {the secret event}",
        "the secret verb",
    )
    assert daemon.stop() == 0
    assert "secret" not in daemon.log()
