"""The configuration file of a daemon: read at the start, and again on SIGHUP."""

from __future__ import annotations

import signal

import pytest

from testing.support import DaemonHome, DaemonProcess, LineClient, subscriber


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
        assert watcher.line().startswith("UPDATE a attention ")
    assert client.get("a")["prompt"] is None
    assert b"Secret" not in home.journal.read_bytes()


def test_a_rule_on_texts_applies_to_the_state_of_an_earlier_daemon(home: DaemonHome) -> None:
    daemon = home.start()
    home.ask(f"HOOK claude-code {{}} {ASKS}")
    daemon.kill()
    home.configure("[sessions]\nkeep_text = false\n")
    home.start()
    with home.client() as client:
        assert client.get("a")["prompt"] is None
    assert b"Secret" not in home.journal.read_bytes()
