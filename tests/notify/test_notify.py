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
from acd.notify.desktop import BusDesktop, MacDesktop
from acd.notify.message import Message, message
from testing.cli_runs import run, start, until
from testing.desktop_server import Server, session_bus
from testing.notifier import DESKTOP, NOW, Notify, has_ended, needs_bus, pipe, tell
from testing.support import WAIT, Place


@needs_bus
def test_a_question_is_shown_and_taken_back_when_it_is_answered(
    here: Place, notify: Notify, server: Server
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
def test_text_is_sent_as_it_is_to_a_server_without_markup(
    here: Place, notify: Notify, server: Server
) -> None:
    server.capabilities.remove("body-markup")
    here.configure(DESKTOP)
    here.start()
    notify()
    here.ask('SET a question {"prompt": "rm <x>"}')
    assert server.call()[5] == "rm <x>"


@needs_bus
def test_a_restart_repeats_nothing_and_takes_back_what_was_answered_meanwhile(
    here: Place, notify: Notify, server: Server
) -> None:
    here.configure(DESKTOP)
    daemon = here.start()
    first = notify()
    here.ask("SET a question")
    assert server.call()[4] == "▲ a: question"
    here.ask("SET b question")
    assert server.call()[4] == "▲ b: question"
    # The number comes with the answer, and is remembered after it.
    memory = here.directory / "acd.sock.notified"
    until(lambda: json.loads(memory.read_text())["shown"].keys() == {"a", "b"})
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
def test_of_another_server_nothing_is_taken_back(bus: str) -> None:
    server = Server(bus, [])
    shown = BusDesktop({"DBUS_SESSION_BUS_ADDRESS": bus}, sound=False)
    handle = shown.show(Message("a", "b"))
    assert handle is not None
    shown.withdraw([":1.999", 1])
    shown.withdraw(handle)
    assert [server.call()[0], server.call()] == ["Notify", ("CloseNotification", 1)]


@needs_bus
@pytest.mark.usefixtures("bus")
def test_without_a_server_the_command_is_run_and_the_error_told_once_a_wait(
    here: Place, notify: Notify
) -> None:
    told = pipe(here)
    here.configure(f"{DESKTOP}command = {json.dumps(tell(told))}\n")
    here.start()
    process = notify()
    here.ask("SET a question")
    assert json.loads(told.read_text())[1]["id"] == "a"
    process.terminate()
    _, errors = process.communicate(timeout=WAIT)
    assert errors.count("acd: the desktop") == 1
    assert "Traceback" not in errors


def test_a_command_gets_facts_in_its_environment_and_the_session_on_its_input(
    here: Place, notify: Notify
) -> None:
    told = pipe(here)
    here.configure(f"[notify]\n{NOW}command = {json.dumps(tell(told))}\n")
    here.start()
    notify()
    fields = {"name": "api", "working_dir": "/src/api", "prompt": "$(touch x); `y`"}
    here.ask(f"SET a question {json.dumps(fields)}")
    facts, session = json.loads(told.read_text())
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


def _events(told: Path, count: int) -> list[tuple[str, str, str]]:
    """The next events that the command was run for: session, event, status."""
    found = []
    for _ in range(count):
        facts, session = json.loads(told.read_text())
        assert facts["ACD_EVENT"] == session["event"]
        assert (facts["ACD_SESSION"], facts["ACD_STATUS"]) == (session["id"], session["status"])
        found.append((session["id"], session["event"], session["status"]))
    return found


def test_a_command_that_wants_to_know_is_told_that_it_is_over(here: Place, notify: Notify) -> None:
    told = pipe(here)
    command = f"command = {json.dumps(tell(told))}\ncommand_when_over = true\n"
    here.configure(f'[notify]\n{NOW}on = ["question"]\n{command}')
    here.start()
    notify()
    here.ask("SET a question", "SET b question", "SET c question", "SET d attention")
    assert _events(told, 3) == [(name, "waiting", "question") for name in "abc"]
    # Of d nothing was told, so nothing is over.
    here.ask("SET d working", "SET a working", "RM b", "DELETE c")
    over = [("a", "over", "working"), ("b", "over", "closed"), ("c", "over", "closed")]
    assert _events(told, 3) == over


def test_what_was_over_meanwhile_is_told_after_a_restart(here: Place, notify: Notify) -> None:
    told = pipe(here)
    command = f"command = {json.dumps(tell(told))}\ncommand_when_over = true\n"
    here.configure(f"[notify]\n{NOW}{command}")
    here.start()
    first = notify()
    here.ask("SET a question", "SET b question")
    assert len(_events(told, 2)) == 2
    first.terminate()
    first.wait(WAIT)
    here.ask("DELETE a", "SET b working")
    notify()
    assert sorted(_events(told, 2)) == [("a", "over", "closed"), ("b", "over", "working")]


def test_a_command_that_did_not_ask_for_it_is_not_run_at_the_end(
    here: Place, notify: Notify
) -> None:
    told = pipe(here)
    here.configure(f"[notify]\n{NOW}command = {json.dumps(tell(told))}\n")
    here.start()
    notify()
    here.ask("SET a question")
    assert _events(told, 1) == [("a", "waiting", "question")]
    here.ask("SET a working", "SET b question")
    assert _events(told, 1) == [("b", "waiting", "question")]


def test_it_does_not_keep_the_daemon(here: Place, notify: Notify) -> None:
    here.configure('[daemon]\nidle_timeout_minutes = 0.005\n[notify]\ncommand = ["true"]\n')
    daemon = here.start()
    process = start(here, "notify")
    try:
        assert daemon.end() == 0
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_a_second_one_is_refused(here: Place, notify: Notify) -> None:
    here.configure('[notify]\ncommand = ["true"]\n')
    here.start()
    notify()
    done = run(here, "notify")
    assert (done.code, done.out) == (EXIT_ALREADY_RUNNING, "")
    assert "another acd notify is at work" in done.err


def test_where_nothing_is_configured_it_says_what_to_configure(here: Place) -> None:
    done = run(here, "notify")
    assert done.code == EXIT_USAGE
    assert "notifications are off" in done.err
    assert str(here.config) in done.err


def test_what_the_command_did_wrong_is_told_and_the_next_wait_too(
    here: Place, notify: Notify
) -> None:
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


def test_a_command_that_fails_is_an_error_that_tells_its_status() -> None:
    with pytest.raises(AcdError, match="sh failed with status 3"):
        command.run(["sh", "-c", "exit 3"], "over", _session(), os.environ)


def test_a_command_that_reads_nothing_is_fine() -> None:
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
def test_a_message_is_two_printable_lines(
    fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert message(_session(**fields)) == expected


def test_on_macos_no_text_becomes_a_part_of_the_script() -> None:
    # No macOS here: what is run there is looked at, not run.
    hostile = Message('▲ " & quit', '" & (do shell script "x")')
    argv = MacDesktop({}, sound=True).command(hostile)
    assert argv[0] == "/usr/bin/osascript"
    assert argv[-2:] == list(hostile)
    assert not any("quit" in word or "shell" in word for word in argv[:-2])
    assert 'sound name "Ping"' in " ".join(argv)


def test_without_its_library_the_desktop_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "jeepney", None)
    with pytest.raises(AcdError, match="need jeepney"):
        BusDesktop({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}, sound=False)


def test_without_a_bus_the_desktop_says_so() -> None:
    with pytest.raises(AcdError, match="no session bus"):
        BusDesktop({}, sound=False)


@pytest.mark.parametrize("address", ["unix:path=/no/such/bus", "nonsense"])
def test_a_bus_that_cannot_be_reached_is_an_error_and_no_crash(address: str) -> None:
    with pytest.raises(AcdError, match="the desktop cannot be told"):
        BusDesktop({"DBUS_SESSION_BUS_ADDRESS": address}, sound=False).show(Message("a", ""))


@needs_bus
def test_a_bus_without_anybody_to_show_it_is_told_before_it_is_needed(bus: str) -> None:
    shown = BusDesktop({"DBUS_SESSION_BUS_ADDRESS": bus}, sound=False)
    with pytest.raises(AcdError, match="no program on the session bus shows notifications"):
        shown.check()
    Server(bus, [])
    shown.check()


@needs_bus
def test_a_server_that_the_bus_can_start_is_there_and_is_not_started(here: Place) -> None:
    started = here.root / "started"
    services = here.root / "services"
    services.mkdir()
    (services / "n.service").write_text(
        f"[D-BUS Service]\nName=org.freedesktop.Notifications\nExec=/usr/bin/touch {started}\n"
    )
    with session_bus(here.root) as address:
        BusDesktop({"DBUS_SESSION_BUS_ADDRESS": address}, sound=False).check()
    assert not started.exists()


def test_it_ends_at_once_when_it_is_told_to(here: Place, notify: Notify) -> None:
    here.configure('[notify]\ncommand = ["true"]\n')
    here.start()
    process = notify()
    process.terminate()
    assert process.wait(WAIT) == -signal.SIGTERM
