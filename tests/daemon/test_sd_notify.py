"""The daemon's messages to the service manager (sd_notify(3))."""

from __future__ import annotations

from testing.support import DaemonHome, DaemonProcess, LineClient, subscriber


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
    daemon.wait_until_logged("serving")
    assert home.ask("SET a working") == ["OK"]
    assert daemon.stop() == 0


def test_a_service_manager_that_is_gone_is_no_error(home: DaemonHome) -> None:
    gone = str(home.root / "missing")
    daemon = home.start(environ={"NOTIFY_SOCKET": gone}, wait=False)
    daemon.wait_until_logged("serving")
    assert home.ask("SET a working", "STOP") == ["OK", "OK"]
    assert daemon.end() == 0
