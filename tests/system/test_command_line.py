"""Commands whose result depends on a socket that systemd holds."""

from __future__ import annotations

import pytest

from testing.system.acd_user import AcdUser
from testing.system.user_manager import HOME

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]

# Its first output is of a watch whose daemon has ended.
_WATCH_OVER_A_STOP = """
acd set one working
acd watch >watched &
watch=$!
until systemctl --user show -p StatusText acd.service | grep -q '1 subscriber'; do
    acd set one working
done
systemctl --user stop acd.service
acd set one question
until grep -q question watched; do acd set two working; done
kill $watch
cat watched
"""


def test_status_shows_the_state_and_starts_no_daemon(user: AcdUser) -> None:
    done = user.run("acd", "status", check=False)
    assert (done.returncode, user.daemon_state()) == (3, "inactive")
    assert "not running; the next event or command starts it" in done.stdout
    assert "systemd, installed in" in done.stdout


def test_status_of_the_service_names_its_process(user: AcdUser) -> None:
    user.acd("set", "one", "question")
    output = user.acd("status")
    assert f"{user.daemon_pid()}, " in output
    assert "started by systemd" in output
    assert "1: 1 question" in output


def test_doctor_finds_nothing_after_an_install_and_starts_nothing(user: AcdUser) -> None:
    output = user.acd("doctor")
    assert output.endswith("no problems\n")
    assert user.daemon_state() == "inactive"
    user.acd("set", "one", "working")
    assert f"process {user.daemon_pid()}" in user.acd("doctor")


def test_doctor_reports_units_that_are_not_what_systemd_uses(user: AcdUser) -> None:
    unit = user.unit("acd.service", "FragmentPath")
    user.run("sh", "-c", 'echo "# mine" >>"$0"', unit)
    output = user.run("acd", "doctor", check=False)
    assert output.returncode == 1
    assert "acd.service is not this version's" in output.stdout
    assert "acd.service has changed since systemd read it" in output.stdout
    user.run("sh", "-c", 'mkdir -p "$0" && cp "$1" "$0"', ".config/systemd/user.control", unit)
    user.systemctl("daemon-reload")
    assert "user.control/acd.service instead of" in user.run("acd", "doctor", check=False).stdout
    user.systemctl("disable", "--now", "acd.socket")
    assert "acd.socket is not enabled" in user.run("acd", "doctor", check=False).stdout
    assert "acd.socket is inactive" in user.run("acd", "doctor", check=False).stdout


def test_the_manual_is_found_after_an_install(user: AcdUser) -> None:
    found = user.run("man", "-w", "acd").stdout.strip()
    assert found == f"{HOME}/.local/share/man/man1/acd.1"
    assert "acd-protocol.7" in user.run("man", "-w", "acd-protocol").stdout


def test_stop_ends_the_service_and_the_next_command_starts_it(user: AcdUser) -> None:
    user.acd("set", "one", "question")
    pid = user.daemon_pid()
    assert user.acd("stop") == "stopped\n"
    user.await_end(pid)
    assert user.acd("stop") == "not running\n"
    assert user.daemon_state() == "inactive"
    assert "question" in user.acd("list")


def test_a_watch_continues_when_systemd_has_stopped_the_service(user: AcdUser) -> None:
    output = user.run("sh", "-c", _WATCH_OVER_A_STOP).stdout.splitlines()
    assert [line.split()[1:3] for line in output if "question" in line] == [["question", "one"]]
