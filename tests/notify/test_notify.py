"""`acd notify` as a process: a real bus, a real notification server, real commands."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from acd.errors import EXIT_ALREADY_RUNNING, EXIT_USAGE, AcdError
from acd.notify import command
from acd.notify.dbus import DBusDesktop
from acd.notify.macos import MacOSDesktop
from acd.notify.notification import Notification, notification
from testing.cli_runs import run, start, until
from testing.desktop_server import NotificationServer, session_bus
from testing.notifier import DESKTOP, NOW, Notify, has_ended, make_fifo, needs_bus, report_command
from testing.support import WAIT, DaemonHome


@needs_bus
def test_a_question_is_shown_and_withdrawn_when_it_is_answered(
    here: DaemonHome, notify: Notify, server: NotificationServer
) -> None:
    here.configure(DESKTOP + "sound = true\n")
    here.start()
    notify()
    here.ask('SET a question {"name": "api", "prompt": "rm <x> & go?"}')
    call, program, replaces, _, title, body, actions, hints, expires = server.call()
    assert (call, program, replaces, title) == ("Notify", "acd", 0, "▲ api: question")
    assert body == "rm &lt;x&gt; &amp; go?"
    assert (actions, expires) == ([], -1)
    assert hints["urgency"] == ("y", 1)
    assert hints["sound-name"] == ("s", "message-new-instant")
    here.ask("SET a working")
    assert server.call() == ("CloseNotification", 1)


@needs_bus
def test_text_is_not_escaped_for_a_server_without_markup(
    here: DaemonHome, notify: Notify, server: NotificationServer
) -> None:
    server.capabilities.remove("body-markup")
    here.configure(DESKTOP)
    here.start()
    notify()
    here.ask('SET a question {"prompt": "rm <x>"}')
    assert server.call()[5] == "rm <x>"


@needs_bus
def test_a_restart_repeats_nothing_and_withdraws_what_was_answered_meanwhile(
    here: DaemonHome, notify: Notify, server: NotificationServer
) -> None:
    here.configure(DESKTOP)
    daemon = here.start()
    first = notify()
    here.ask("SET a question")
    assert server.call()[4] == "▲ a: question"
    here.ask("SET b question")
    assert server.call()[4] == "▲ b: question"
    # The number comes with the reply, and is saved after it.
    state = here.directory / "acd.sock.notified"
    until(lambda: json.loads(state.read_text())["shown"].keys() == {"a", "b"})
    first.terminate()
    first.wait(WAIT)
    here.ask("SET a working")
    daemon.stop()
    here.start()
    notify()
    assert server.call() == ("CloseNotification", 1)
    here.ask("SET c attention")
    assert server.call()[4] == "● c: attention"
    here.ask("DELETE b")
    assert server.call() == ("CloseNotification", 2)


@needs_bus
def test_a_notification_of_another_server_is_not_withdrawn(bus: str) -> None:
    server = NotificationServer(bus, [])
    desktop = DBusDesktop({"DBUS_SESSION_BUS_ADDRESS": bus}, sound=False)
    handle = desktop.show(Notification("a", "b"))
    assert handle is not None
    desktop.withdraw([":1.999", 1])
    desktop.withdraw(handle)
    assert [server.call()[0], server.call()] == ["Notify", ("CloseNotification", 1)]


@needs_bus
@pytest.mark.usefixtures("bus")
def test_without_a_server_the_command_runs_and_the_error_is_reported_once_for_each_wait(
    here: DaemonHome, notify: Notify
) -> None:
    fifo = make_fifo(here)
    here.configure(f"{DESKTOP}command = {json.dumps(report_command(fifo))}\n")
    here.start()
    process = notify()
    here.ask("SET a question")
    assert json.loads(fifo.read_text())[1]["id"] == "a"
    process.terminate()
    _, errors = process.communicate(timeout=WAIT)
    assert errors.count("acd: the desktop") == 1
    assert "Traceback" not in errors


def test_the_command_gets_facts_in_its_environment_and_the_session_on_its_input(
    here: DaemonHome, notify: Notify
) -> None:
    fifo = make_fifo(here)
    here.configure(f"[notify]\n{NOW}command = {json.dumps(report_command(fifo))}\n")
    here.start()
    notify()
    fields = {"name": "api", "working_dir": "/src/api", "prompt": "$(touch x); `y`"}
    here.ask(f"SET a question {json.dumps(fields)}")
    facts, session = json.loads(fifo.read_text())
    assert facts == {
        "ACD_SOCKET": str(here.socket),
        "ACD_EVENT": "waiting",
        "ACD_SESSION": "a",
        "ACD_STATUS": "question",
        "ACD_NAME": "api",
        "ACD_DIRECTORY": "/src/api",
        "ACD_PROMPT": "$(touch x); `y`",
    }
    assert (session["id"], session["status"], session["display_name"]) == ("a", "question", "api")
    assert session["event"] == "waiting"


def _events(fifo: Path, count: int) -> list[tuple[str, str, str]]:
    """The next `count` runs of the command: session, event, status."""
    found = []
    for _ in range(count):
        facts, session = json.loads(fifo.read_text())
        assert facts["ACD_EVENT"] == session["event"]
        assert (facts["ACD_SESSION"], facts["ACD_STATUS"]) == (session["id"], session["status"])
        found.append((session["id"], session["event"], session["status"]))
    return found


def test_with_command_when_over_the_command_runs_at_the_end_of_each_notified_wait(
    here: DaemonHome, notify: Notify
) -> None:
    fifo = make_fifo(here)
    command = f"command = {json.dumps(report_command(fifo))}\ncommand_when_over = true\n"
    here.configure(f'[notify]\n{NOW}on = ["question"]\n{command}')
    here.start()
    notify()
    here.ask("SET a question", "SET b question", "SET c question", "SET d attention")
    assert _events(fifo, 3) == [(name, "waiting", "question") for name in "abc"]
    # The user was not notified of d.
    here.ask("SET d working", "SET a working", "RM b", "DELETE c")
    over = [("a", "over", "working"), ("b", "over", "closed"), ("c", "over", "closed")]
    assert _events(fifo, 3) == over


def test_the_command_runs_after_a_restart_for_what_ended_meanwhile(
    here: DaemonHome, notify: Notify
) -> None:
    fifo = make_fifo(here)
    command = f"command = {json.dumps(report_command(fifo))}\ncommand_when_over = true\n"
    here.configure(f"[notify]\n{NOW}{command}")
    here.start()
    first = notify()
    here.ask("SET a question", "SET b question")
    assert len(_events(fifo, 2)) == 2
    first.terminate()
    first.wait(WAIT)
    here.ask("DELETE a", "SET b working")
    notify()
    assert sorted(_events(fifo, 2)) == [("a", "over", "closed"), ("b", "over", "working")]


def test_without_command_when_over_the_command_does_not_run_at_the_end(
    here: DaemonHome, notify: Notify
) -> None:
    fifo = make_fifo(here)
    here.configure(f"[notify]\n{NOW}command = {json.dumps(report_command(fifo))}\n")
    here.start()
    notify()
    here.ask("SET a question")
    assert _events(fifo, 1) == [("a", "waiting", "question")]
    here.ask("SET a working", "SET b question")
    assert _events(fifo, 1) == [("b", "waiting", "question")]


def test_the_notifier_does_not_keep_the_daemon_running(here: DaemonHome, notify: Notify) -> None:
    here.configure('[daemon]\nidle_timeout_minutes = 0.005\n[notify]\ncommand = ["true"]\n')
    daemon = here.start()
    process = start(here, "notify")
    try:
        assert daemon.end() == 0
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_a_second_notifier_is_refused(here: DaemonHome, notify: Notify) -> None:
    here.configure('[notify]\ncommand = ["true"]\n')
    here.start()
    notify()
    done = run(here, "notify")
    assert (done.code, done.out) == (EXIT_ALREADY_RUNNING, "")
    assert "another acd notify is running" in done.err


def test_without_configuration_the_error_names_what_to_configure(here: DaemonHome) -> None:
    done = run(here, "notify")
    assert done.code == EXIT_USAGE
    assert "notifications are off" in done.err
    assert str(here.config) in done.err


def test_a_failed_command_is_reported_for_each_wait(here: DaemonHome, notify: Notify) -> None:
    here.configure(f'[notify]\n{NOW}command = ["/no/such\\u001bprogram"]\n')
    here.start()
    process = notify()
    assert process.stderr is not None
    for name in ("a", "b"):
        here.ask(f"SET {name} question")
        line = process.stderr.readline()
        assert line.startswith("acd: notify.command: cannot run /no/such\\x1bprogram: No such file")


def test_a_command_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 1000 & echo $! >{pids}; wait"
    with pytest.raises(AcdError, match="it took longer"):
        command.run(["sh", "-c", script], "waiting", _session(), os.environ, seconds=0.5)
    child = int(pids.read_text())
    until(lambda: has_ended(child))


def test_a_failed_command_is_an_error_with_its_status() -> None:
    with pytest.raises(AcdError, match="sh failed with status 3"):
        command.run(["sh", "-c", "exit 3"], "over", _session(), os.environ)


def test_a_command_may_ignore_its_input() -> None:
    command.run(["true"], "waiting", _session(prompt="x" * 200), os.environ)


def _session(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "status": "question", "display_name": "a"} | fields


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("▲ a: question", "")),
        ({"working_dir": "/src/api", "display_name": "api"}, ("▲ api: question", "/src/api")),
        ({"display_name": "n\n\x1b[31m\0"}, ("▲ n \\x1b[31m\\x00: question", "")),
        ({"prompt": "\ud800\n x"}, ("▲ a: question", "\\ud800 x")),
    ],
)
def test_a_notification_is_two_printable_lines(
    fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert notification(_session(**fields)) == expected


def test_on_macos_the_text_is_not_part_of_the_script() -> None:
    # There is no macOS here: the argument vector is checked, and not run.
    hostile = Notification('▲ " & quit', '" & (do shell script "x")')
    argv = MacOSDesktop({}, sound=True).command(hostile)
    assert argv[0] == "/usr/bin/osascript"
    assert argv[-2:] == list(hostile)
    assert not any("quit" in word or "shell" in word for word in argv[:-2])
    assert 'sound name "Ping"' in " ".join(argv)


def test_without_jeepney_the_error_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "jeepney", None)
    with pytest.raises(AcdError, match="need jeepney"):
        DBusDesktop({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}, sound=False)


def test_without_the_address_of_a_bus_there_is_no_desktop() -> None:
    with pytest.raises(AcdError, match="no session bus"):
        DBusDesktop({}, sound=False)


@pytest.mark.parametrize("address", ["unix:path=/no/such/bus", "nonsense"])
def test_an_unreachable_bus_is_an_error_and_no_crash(address: str) -> None:
    with pytest.raises(AcdError, match="cannot notify the desktop"):
        DBusDesktop({"DBUS_SESSION_BUS_ADDRESS": address}, sound=False).show(Notification("a", ""))


@needs_bus
def test_the_check_fails_on_a_bus_without_a_notification_server(bus: str) -> None:
    desktop = DBusDesktop({"DBUS_SESSION_BUS_ADDRESS": bus}, sound=False)
    with pytest.raises(AcdError, match="no program on the session bus shows notifications"):
        desktop.check()
    NotificationServer(bus, [])
    desktop.check()


@needs_bus
def test_the_check_accepts_a_server_that_the_bus_can_start_and_does_not_start_it(
    here: DaemonHome,
) -> None:
    started = here.root / "started"
    services = here.root / "services"
    services.mkdir()
    (services / "n.service").write_text(
        f"[D-BUS Service]\nName=org.freedesktop.Notifications\nExec=/usr/bin/touch {started}\n"
    )
    with session_bus(here.root) as address:
        DBusDesktop({"DBUS_SESSION_BUS_ADDRESS": address}, sound=False).check()
    assert not started.exists()


def test_the_notifier_ends_at_sigterm(here: DaemonHome, notify: Notify) -> None:
    here.configure('[notify]\ncommand = ["true"]\n')
    here.start()
    process = notify()
    process.terminate()
    assert process.wait(WAIT) == -signal.SIGTERM
